/** What the live stores hold: integers of four bytes. */
const largestCount = 2 ** 31 - 1
const messageAtMost = 1_000

/** How much a handler says is done, as a count: whole, and not negative. What is no number counts as nothing. */
export function toldCount (count: unknown): number {
  const whole = typeof count === 'number' || typeof count === 'bigint' ? Math.floor(Number(count)) : 0
  return whole > 0 ? Math.min(whole, largestCount) : 0
}

/** What a handler says, bounded; undefined where it says nothing. */
export function toldMessage (message: unknown): string | undefined {
  return typeof message === 'string' ? message.slice(0, messageAtMost) : undefined
}
