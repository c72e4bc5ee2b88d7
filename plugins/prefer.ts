/** What we know of the header `Prefer` (RFC 7240); the rest is passed over. */
export interface Preferences {
  readonly respondAsync: boolean
  /** Seconds to wait for the end of a background job; undefined where that was not asked for. */
  readonly waitSeconds: number | undefined
}

/** Nobody may hold a connection for longer. */
const waitAtMostSeconds = 30

export function parsePrefer (header: string | readonly string[] | undefined): Preferences {
  const preferences = (typeof header === 'object' ? header.join(',') : header ?? '')
    .split(',')
    .map((preference) => preference.split(';')[0]!.trim())
  const respondAsync = preferences.some((preference) => preference.toLowerCase() === 'respond-async')
  // The first one counts, as the RFC says.
  const [, seconds] = preferences.map((preference) => /^wait\s*=\s*"?(\d{1,9})"?$/i.exec(preference)).find((found) => found !== null) ?? []
  return { respondAsync, waitSeconds: seconds === undefined ? undefined : Math.min(Number(seconds), waitAtMostSeconds) }
}

/** The header `Preference-Applied`; undefined where nothing was honoured. */
export function preferenceApplied ({ respondAsync, waitSeconds }: Preferences): string | undefined {
  const applied = [...(respondAsync ? ['respond-async'] : []), ...(waitSeconds === undefined ? [] : [`wait=${waitSeconds}`])]
  return applied.length === 0 ? undefined : applied.join(', ')
}
