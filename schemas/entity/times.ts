import { Type } from '@sinclair/typebox'

const clock = '([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d'

function fraction (digits: number): string {
  return digits > 0 ? `(\\.\\d{1,${digits}})?` : ''
}

export function CalendarDate () {
  return Type.String({ format: 'date', description: 'A date, YYYY-MM-DD.', examples: ['2026-11-24'] })
}

export function Timestamp () {
  return Type.String({
    format: 'date-time',
    description: 'A point in time with its offset, RFC 3339.',
    examples: ['2026-11-24T09:30:00.000Z']
  })
}

/** A day that there is: PostgreSQL refuses the 31st of April, and would do so only when the record is written. */
const day = '(\\d{4}-(0[1-9]|1[0-2])-(0[1-9]|1\\d|2[0-8])|\\d{4}-(0[13-9]|1[0-2])-(29|30)|\\d{4}-(0[13578]|1[02])-31|' +
  '(\\d\\d(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)'

/** For a `timestamp` without time zone that the entity holds as text: what a wall clock shows. */
export function LocalTimestamp (digits: number) {
  return Type.String({
    pattern: `^(?!0000)${day}T${clock}${fraction(digits)})?$`,
    description: 'Date and time without offset, YYYY-MM-DDThh:mm:ss.',
    examples: ['2026-11-24T09:30:00']
  })
}

export function TimeOfDay (digits: number, withZone: boolean) {
  // PostgreSQL knows no offset of 16 hours.
  const zone = withZone ? '(Z|[+-](0\\d|1[0-5]):[0-5]\\d)' : ''
  return Type.String({
    pattern: `^${clock}${fraction(digits)})?${zone}$`,
    description: withZone ? 'A time of day with its offset, hh:mm:ss+hh:mm.' : 'A time of day, hh:mm:ss.',
    examples: [withZone ? '09:30:00+01:00' : '09:30:00']
  })
}

export function Interval () {
  return Type.String({ format: 'duration', description: 'A duration, ISO 8601.', examples: ['P1DT2H'] })
}
