/** The supported preferences of the header `Prefer` (RFC 7240); others are ignored. */
export interface Preferences {
  readonly respondAsync: boolean
  /** Seconds to wait for the end of a background job; undefined when not requested. */
  readonly waitSeconds: number | undefined
}

/** The longest time that a request may be held open. */
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
