import { fail } from 'node:assert/strict'

interface UntilOptions {
  /** When to give up. Generous by default: only a failing test or a busy machine takes that long. */
  deadlineMs?: number
  /** What is waited for, as it follows "timed out waiting for". */
  what?: string
  intervalMs?: number
}

type Falsy = false | null | undefined | 0 | ''

/**
 * Polls until the condition returns a truthy value, and resolves to that. The only place where tests let time pass: for
 * conditions without a signal of their own.
 */
export async function until<T> (
  condition: () => T | Promise<T>,
  { deadlineMs = 60_000, what = `(${condition.toString()})`, intervalMs = 10 }: UntilOptions = {}
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + deadlineMs
  let last: T
  for (;;) {
    // Checked once more after the deadline: the process may have been suspended since the last check.
    const isOver = performance.now() >= deadline
    last = await condition()
    if (last) return last as Exclude<T, Falsy>
    if (isOver) break
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
  return fail(`timed out after ${deadlineMs} ms waiting for ${what}; the last value was ${JSON.stringify(last)}`)
}
