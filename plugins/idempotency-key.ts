import { problem } from '../src/errors.ts'

export const idempotencyKeyLength = 255

/** A string of structured fields (RFC 8941), as the draft asks for: quotes and backslashes are escaped in it. */
const quoted = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/
/** What most clients send: visible characters, without quotes and commas. */
const bare = /^[\x21\x23-\x2b\x2d-\x7e]+$/

/**
 * The key in the header `Idempotency-Key`, quoted or bare, which is the same key; undefined where there is none.
 * @throws validation_failed
 */
export function parseIdempotencyKey (header: string | readonly string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const key = typeof header === 'string' ? unquoted(header.trim()) : undefined
  if (key !== undefined && key.length > 0 && key.length <= idempotencyKeyLength) return key
  const message = `expected one key of 1 to ${idempotencyKeyLength} visible characters, in quotes or without quotes and commas`
  throw problem('validation_failed', `the header Idempotency-Key is not valid: ${message}`, { errors: [{ path: '/idempotency-key', message }] })
}

function unquoted (text: string): string | undefined {
  const [, inner] = quoted.exec(text) ?? []
  if (inner !== undefined) return inner.replace(/\\(["\\])/g, '$1')
  return bare.test(text) ? text : undefined
}
