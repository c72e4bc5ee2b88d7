import type { ProblemItem } from '../../schemas/problem.ts'

/** The escapes that ill-formed text comes by: a body without them needs no second look. */
const suspicious = /\\u(?:0000|[dD][89a-fA-F])/

/**
 * What in a body is no text that PostgreSQL has a place for: NUL, or half of a surrogate pair, wherever it stands and
 * whatever schema is in charge of it.
 * @param body as it came
 * @param parsed what JSON makes of it
 */
export function illFormedText (body: string, parsed: unknown): ProblemItem | undefined {
  if (!suspicious.test(body)) return undefined
  const open: { value: unknown, path: string }[] = [{ value: parsed, path: '' }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, path } = next
    const names = typeof value === 'object' && value !== null ? Object.keys(value) : []
    const message = validationErrorIn(typeof value === 'string' ? [value] : names)
    if (message !== undefined) return { path, message }
    for (const name of names.reverse()) {
      open.push({ value: (value as Record<string, unknown>)[name], path: `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}` })
    }
  }
}

function validationErrorIn (texts: readonly string[]): string | undefined {
  if (texts.some((text) => text.includes('\0'))) return 'must not contain the character NUL (U+0000)'
  if (!texts.every((text) => text.isWellFormed())) return 'must not contain half a surrogate pair'
}
