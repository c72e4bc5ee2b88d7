import { closest, distance } from 'fastest-levenshtein'

/** Names in a message; a long list is cut. */
const listedNamesLimit = 30

export function listed (names: readonly string[]): string {
  if (names.length === 0) return 'none'
  if (names.length <= listedNamesLimit) return names.join(', ')
  return `${names.slice(0, listedNamesLimit).join(', ')} and ${names.length - listedNamesLimit} more`
}

/** The name that was probably meant: at most a third of its letters are wrong, or only its case is. */
export function suggestion (name: string, allowed: readonly string[]): string | undefined {
  const sameLetters = allowed.find((candidate) => candidate.toLowerCase() === name.toLowerCase())
  if (sameLetters !== undefined) return sameLetters
  if (allowed.length === 0) return undefined
  const nearest = closest(name, allowed)
  return distance(name, nearest) <= Math.ceil(nearest.length / 3) ? nearest : undefined
}

/** "unknown field; did you mean status? allowed: status, tags" */
export function unknownName (noun: string, name: string, allowed: readonly string[]): string {
  const meant = suggestion(name, allowed)
  return `unknown ${noun}; ${meant === undefined ? '' : `did you mean ${meant}? `}allowed: ${listed(allowed)}`
}
