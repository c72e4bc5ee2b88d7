/** The live stores keep counts as four-byte integers. */
const largestCount = 2 ** 31 - 1
const maxMessageLength = 1_000

/** A count that a handler reported, as a whole number that is not negative. Anything that is not a number is 0. */
export function boundedCount (count: unknown): number {
  const whole = typeof count === 'number' || typeof count === 'bigint' ? Math.floor(Number(count)) : 0
  return whole > 0 ? Math.min(whole, largestCount) : 0
}

/** A message that a handler reported, truncated; undefined without one. */
export function boundedMessage (message: unknown): string | undefined {
  return typeof message === 'string' ? message.slice(0, maxMessageLength) : undefined
}
