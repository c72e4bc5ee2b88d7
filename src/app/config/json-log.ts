import type { Log } from '../../log.ts'

export type Print = (text: string) => void

/** A log of one JSON object a line, beside what a command answers. */
export function jsonLog (print: Print): Log {
  const line = (level: string) => (details: object, message: string) => {
    print(`${JSON.stringify({ level, time: new Date().toISOString(), msg: message, ...details }, plainErrors)}\n`)
  }
  return { debug: () => undefined, info: line('info'), warn: line('warn'), error: line('error') }
}

/** What operators should know, for programs that have no log of their own. */
export const toStandardError: Log = { ...jsonLog((text) => { process.stderr.write(text) }), info: () => undefined }

/** An error has nothing that JSON would see. */
function plainErrors (_key: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const { message, stack, cause } = value
  const { code } = value as { code?: unknown }
  return { type: value.constructor.name, message, code, stack, cause }
}
