/**
 * Aborts on SIGTERM or SIGINT. A second signal exits immediately, with exit code 1, without waiting for running jobs.
 */
export function stopSignal (): AbortSignal {
  const stopping = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) process.exit(1)
      stopping.abort()
    })
  }
  return stopping.signal
}
