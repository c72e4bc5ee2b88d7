import type { JobSignal } from './live-store.ts'

const kinds: ReadonlySet<string> = new Set(['progress', 'status', 'request'] satisfies JobSignal['kind'][])

/** A signal as it is sent: `progress:<jobId>`, short enough for any NOTIFY. */
export function encodeSignal ({ jobId, kind }: JobSignal): string {
  return `${kind}:${jobId}`
}

/** Undefined for other payloads, and for kinds of a newer version. */
export function decodeSignal (text: string): JobSignal | undefined {
  const colon = text.indexOf(':')
  const kind = text.slice(0, colon)
  const jobId = text.slice(colon + 1)
  return colon > 0 && jobId !== '' && kinds.has(kind) ? { jobId, kind: kind as JobSignal['kind'] } : undefined
}

/** The listeners of one store in this process. */
export interface SignalHub {
  /** The returned function removes the listener. */
  add (listener: (signal: JobSignal) => void): () => void
  /** Passes a received payload to every listener. A listener that throws is reported, and does not affect the others. */
  publish (text: string): void
  clear (): void
}

export function createSignalHub (onError: (error: Error) => void): SignalHub {
  // Wrapped, so that a function that was added twice is called twice, and removed one at a time.
  const entries = new Set<{ listener: (signal: JobSignal) => void }>()
  return {
    add (listener) {
      const entry = { listener }
      entries.add(entry)
      return () => { entries.delete(entry) }
    },
    publish (text) {
      const signal = decodeSignal(text)
      if (signal === undefined) return
      for (const { listener } of entries) {
        try {
          listener(signal)
        } catch (error) {
          onError(error as Error)
        }
      }
    },
    clear () { entries.clear() }
  }
}
