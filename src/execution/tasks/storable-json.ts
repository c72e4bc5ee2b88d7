import { problem } from '../../errors.ts'
import { fitsJsonb } from '../../validation/formats.ts'

/** Bytes of a payload or a checkpoint at most: they are the description of work, not the work. */
const maxBytes = 1_048_576

/**
 * A value of the application to be stored, in the form in which it is read later.
 * @throws validation_failed for what JSON cannot say, PostgreSQL cannot keep, or is too much
 */
export function storableJson (what: string, value: unknown): unknown {
  const text = serialize(what, value === undefined ? null : value)
  if (Buffer.byteLength(text) > maxBytes) throw problem('validation_failed', `${what} has more than ${maxBytes} bytes`)
  const kept: unknown = JSON.parse(text)
  if (!fitsJsonb(kept)) throw problem('validation_failed', `${what} has text or nesting that cannot be kept`)
  return kept
}

function serialize (what: string, value: unknown): string {
  const refusal = (cause?: unknown) => problem('validation_failed', `${what} cannot be written as JSON`, { cause })
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refusal(error)
  }
  if (text === undefined) throw refusal()
  return text
}
