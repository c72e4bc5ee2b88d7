import { settlesWithin } from '../../deadline.ts'

/** One Ctrl-C under npm, or one stop of a process group, sends the signal more than once. */
const duplicateMs = 2_000
const releaseMs = 3_000

const releases = new Set<() => Promise<unknown>>()

/** Registers what must happen before an exit that does not wait for running work. Returns a function that removes it again. */
export function beforeImmediateExit (release: () => Promise<unknown>): () => void {
  releases.add(release)
  return () => { releases.delete(release) }
}

/**
 * Aborts when the process receives SIGTERM or SIGINT. A further signal within two seconds is the same request; a later one exits
 * with code 1 without waiting for running work, as soon as that is released, or after three seconds.
 */
export function stopSignal (): AbortSignal {
  const stopping = new AbortController()
  let firstAtMs: number | undefined
  let isExiting = false
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, async () => {
      firstAtMs ??= performance.now()
      stopping.abort()
      if (isExiting || performance.now() - firstAtMs < duplicateMs) return
      isExiting = true
      await settlesWithin(releaseMs, Promise.allSettled([...releases].map((release) => release())))
      process.exit(1)
    })
  }
  return stopping.signal
}
