import { Type } from '@sinclair/typebox'

/** Alternatives of a regular expression for the numbers of as many digits as `bound` has that do not exceed it. */
function upTo (bound: string): string[] {
  const digits = [...bound]
  const smaller = digits.map((digit, place) => {
    const lowest = place === 0 ? 1 : 0
    const highest = Number(digit) - 1
    if (highest < lowest) return undefined
    const rest = digits.length - place - 1
    return bound.slice(0, place) + (lowest === highest ? lowest : `[${lowest}-${highest}]`) + (rest > 0 ? `\\d{${rest}}` : '')
  })
  return [...smaller.filter((alternative) => alternative !== undefined), bound]
}

const int8Digits = ['[1-9]\\d{0,17}', ...upTo('9223372036854775807')].join('|')

/** An int8 as a string: JSON numbers above 2^53 are rounded by many parsers. */
export function BigInteger () {
  return Type.String({
    pattern: `^(0|-?(${int8Digits})|-9223372036854775808)$`,
    maxLength: 20,
    description: 'An integer from -9223372036854775808 to 9223372036854775807, as a string of digits.',
    examples: ['9007199254740993']
  })
}

export function BoundedInteger (minimum: number, maximum: number) {
  return Type.Integer({ minimum, maximum, description: `An integer from ${minimum} to ${maximum}.` })
}

/** Digits that PostgreSQL has never been seen to need; a bound for `numeric` without one. */
const unboundedNumericLength = 1000

/**
 * A decimal as a string: its digits mean something, and JSON numbers lose them.
 * @param precision digits in all; undefined where the column has no bound
 * @param scale digits after the point
 */
export function Decimal (precision?: number, scale: number = 0) {
  if (precision === undefined) {
    return Type.String({
      pattern: '^-?(0|[1-9]\\d*)(\\.\\d+)?$',
      maxLength: unboundedNumericLength,
      description: 'A decimal number, as a string.',
      examples: ['12.5']
    })
  }
  const before = precision - scale
  const whole = before > 0 ? `(0|[1-9]\\d{0,${before - 1}})` : '0'
  const fraction = scale > 0 ? `(\\.\\d{1,${scale}})?` : ''
  return Type.String({
    pattern: `^-?${whole}${fraction}$`,
    maxLength: Math.max(before, 1) + Math.max(scale, 0) + 2,
    description: `A decimal number of up to ${Math.max(before, 0)} digits before and ${Math.max(scale, 0)} after the point, as a string.`,
    examples: [scale > 0 ? `0.${'5'.padEnd(Math.min(scale, 2), '0')}` : '5']
  })
}

/** The largest number that `real` holds; a larger one is an error of the database. */
const realLimit = 3.4028234663852886e38

export function Real () {
  return Type.Number({ minimum: -realLimit, maximum: realLimit, description: 'A number of single precision.' })
}

export function Double () {
  return Type.Number({ description: 'A number of double precision.' })
}
