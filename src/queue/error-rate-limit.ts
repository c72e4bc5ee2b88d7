const intervalMs = 60_000

/** Passes errors on, the same one at most once a minute: while a server is down, each attempt to reach it fails alike. */
export function reportOncePerMinute (onError: (error: Error) => void): (error: Error) => void {
  const reported = new Set<string>()
  let since = -Infinity
  return (error) => {
    const now = performance.now()
    if (now - since > intervalMs) {
      reported.clear()
      since = now
    }
    const key = `${(error as { code?: unknown }).code} ${error.message}`
    if (reported.has(key)) return
    reported.add(key)
    onError(error)
  }
}
