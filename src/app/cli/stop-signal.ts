/**
 * Aborts when the process is asked to end, by SIGTERM or SIGINT. Who asks twice does not want to wait for what is
 * running: then it ends at once, with exit code 1.
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
