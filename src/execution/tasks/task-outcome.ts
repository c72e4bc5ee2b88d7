import { isPowercrudError, messageOf } from '../../errors.ts'
import type { JobEnd } from '../../jobs/store/transitions.ts'
import { fitsJsonb } from '../../validation/formats.ts'

/** Bytes of a result at most; a task has tables to write more to. */
const resultLimit = 65_536
const messageLimit = 1_000

/** The end of a task that is done, with what it answered. */
export function succeededWith (result: unknown): JobEnd {
  return { status: 'succeeded', error: null, ...(result !== undefined && { result: bounded(result) }) }
}

/** A result that is too large is replaced by a note that says so: the task has done its work all the same. */
function bounded (result: unknown): unknown {
  let text: string | undefined
  try {
    text = JSON.stringify(result, (_name, value: unknown) => typeof value === 'bigint' ? value.toString() : value)
  } catch {
    return { omitted: 'the result cannot be written as JSON' }
  }
  if (text === undefined) return null
  const bytes = Buffer.byteLength(text)
  if (bytes > resultLimit) return { omitted: `the result has ${bytes} bytes; at most ${resultLimit} are kept` }
  const kept: unknown = JSON.parse(text)
  return fitsJsonb(kept) ? kept : { omitted: 'the result has text or nesting that cannot be kept' }
}

export function failedWith (error: unknown): JobEnd {
  return { status: 'failed', error: { code: 'task_failed', message: publicMessage(error) } }
}

export function timedOut (timeoutMs: number): JobEnd {
  return { status: 'failed', error: { code: 'task_failed', message: `${messageOf('task_failed')}: it took longer than ${timeoutMs / 1000} seconds` } }
}

/**
 * Users who may see the job see messages, and an unforeseen error may contain SQL or secrets: only those that are meant
 * for users are shown (ours, and by the convention of http-errors what has `expose: true` or a status of 4xx).
 */
function publicMessage (error: unknown): string {
  const { expose, statusCode, message } = (error ?? {}) as { expose?: unknown, statusCode?: unknown, message?: unknown }
  const isPublic = isPowercrudError(error) || expose === true || (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
  return isPublic && typeof message === 'string' ? `${messageOf('task_failed')}: ${message}`.slice(0, messageLimit) : messageOf('task_failed')
}
