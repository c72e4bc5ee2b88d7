import type { CityStatus } from '../entities/index.ts'
import type { CitySort } from '../schemas/index.ts'
import { html, type Html } from './html.ts'

const numbers = new Intl.NumberFormat('en-GB')
const days = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

export function formatNumber (value: number): string {
  return numbers.format(value)
}

export function formatDay (instant: Date): Html {
  return html`<time datetime="${instant.toISOString()}">${days.format(instant)}</time>`
}

export const statusLabels: Record<CityStatus, string> = {
  unreviewed: 'Unreviewed',
  verified: 'Verified',
  flagged: 'Flagged',
  archived: 'Archived'
}

/** The orders that can be chosen where there are no column headers to click. */
export const sortLabels: Array<[CitySort, string]> = [
  ['name', 'Name, A to Z'], ['-name', 'Name, Z to A'],
  ['country', 'Country, A to Z'], ['-country', 'Country, Z to A'],
  ['-population', 'Largest first'], ['population', 'Smallest first'],
  ['status', 'Status'], ['-status', 'Status, reversed'],
  ['priority', 'Lowest priority first'], ['-priority', 'Highest priority first'],
  ['-reviewedAt', 'Reviewed last, first'], ['reviewedAt', 'Reviewed first']
]
