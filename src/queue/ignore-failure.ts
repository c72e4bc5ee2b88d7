const quietMs = 60_000

/** Passes errors on, the same one at most once a minute: while a server is away, each attempt to reach it fails alike. */
export function quietly (onError: (error: Error) => void): (error: Error) => void {
  const told = new Set<string>()
  let since = -Infinity
  return (error) => {
    const now = performance.now()
    if (now - since > quietMs) {
      told.clear()
      since = now
    }
    const key = `${(error as { code?: unknown }).code} ${error.message}`
    if (told.has(key)) return
    told.add(key)
    onError(error)
  }
}
