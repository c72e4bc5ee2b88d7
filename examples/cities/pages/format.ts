import type { CityStatus } from '../entities/index.ts'
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
