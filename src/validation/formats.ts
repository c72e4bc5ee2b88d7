import ajvFormats from 'ajv-formats'
import type { FormatDefinition } from 'ajv'

export type FormatCheck = (text: string) => boolean

const published = ajvFormats.default

function publishedCheck (name: Parameters<typeof published.get>[0]): FormatCheck {
  const format = published.get(name) as RegExp | FormatCheck | FormatDefinition<string>
  if (format instanceof RegExp) return (text) => format.test(text)
  const validate = typeof format === 'function' ? format : format.validate as RegExp | FormatCheck
  return validate instanceof RegExp ? (text) => validate.test(text) : validate
}

const date = publishedCheck('date')
const dateTime = publishedCheck('date-time')
const duration = publishedCheck('duration')

/** PostgreSQL knows no year 0. */
const hasYear = (text: string) => !text.startsWith('0000')
/** Nor an offset of 16 hours or more. */
const hasOffset = (text: string) => !/[+-](1[6-9]|2\d):?\d\d$/.test(text)
/** Nor an interval of more than 178 million years; eight digits of any unit are below that. */
const isShort = (text: string) => !/\d{9}/.test(text)

/**
 * Stricter than usual where PostgreSQL or `Date` is: no year 0, no leap second, no offset of a day, no `urn:uuid:`.
 * With those a value would pass here and fail in the database.
 */
export const strictFormats: Readonly<Record<string, FormatCheck>> = {
  date: (text) => date(text) && hasYear(text),
  'date-time': (text) => dateTime(text) && hasYear(text) && hasOffset(text) && !Number.isNaN(Date.parse(text)),
  uuid: (text) => /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text),
  duration: (text) => duration(text) && isShort(text),
  'uri-reference': publishedCheck('uri-reference')
}

/** How deep JSON may be nested: far more than anybody writes, and less than the database's stack holds. */
const nestingLimit = 100

/** Can `jsonb` hold it? Not the character NUL, nor half of a surrogate pair, nor nesting without end. */
export function fitsJsonb (value: unknown): boolean {
  const open: { value: unknown, depth: number }[] = [{ value, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > nestingLimit) return false
    if (typeof next.value === 'string' && !fitsText(next.value)) return false
    if (typeof next.value !== 'object' || next.value === null) continue
    for (const [name, member] of Object.entries(next.value)) {
      if (!fitsText(name)) return false
      open.push({ value: member, depth: next.depth + 1 })
    }
  }
  return true
}

function fitsText (text: string): boolean {
  return !text.includes('\0') && text.isWellFormed()
}
