import { problem } from '../../errors.ts'
import type { ChoicePlace } from './select-choices.ts'

const message = 'is no cursor of these choices; take it from nextCursor'

/** The validation error for a cursor that this list did not issue. */
export const invalidCursor = { detail: `the query is not valid: /cursor ${message}`, errors: [{ path: '/cursor', message }] }

/** A page is found by the place of the last choice before it, so that records which come and go neither repeat nor hide any. */
export function cursorOf ({ label, key }: ChoicePlace): string {
  return Buffer.from(JSON.stringify([label, key])).toString('base64url')
}

/** @throws validation_failed */
export function placeIn (cursor: string): ChoicePlace {
  const parts = parsed(Buffer.from(cursor, 'base64url').toString())
  if (!Array.isArray(parts) || parts.length !== 2) throw problem('validation_failed', invalidCursor.detail, { errors: invalidCursor.errors })
  const [label, key] = parts as unknown[]
  if (typeof label !== 'string' || typeof key !== 'string') throw problem('validation_failed', invalidCursor.detail, { errors: invalidCursor.errors })
  return { label, key }
}

function parsed (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
