import { fail } from 'node:assert/strict'

interface UntilOptions {
  /** How long to go on asking; generous unless told, for it is a test that fails or a machine that is busy that needs it. */
  deadlineMs?: number
  /** What is waited for, as it would follow "waited for". */
  what?: string
  intervalMs?: number
}

type Falsy = false | null | undefined | 0 | ''

/**
 * Asks again and again until the condition answers something true, and answers that. The one place where tests let time
 * pass: everything that cannot tell by itself that it happened is waited for with this.
 */
export async function until<T> (
  condition: () => T | Promise<T>,
  { deadlineMs = 60_000, what = `(${condition.toString()})`, intervalMs = 10 }: UntilOptions = {}
): Promise<Exclude<T, Falsy>> {
  const deadline = performance.now() + deadlineMs
  let last: T
  for (;;) {
    // Asked once more behind the deadline: the process may have stood still since it asked.
    const isOver = performance.now() >= deadline
    last = await condition()
    if (last) return last as Exclude<T, Falsy>
    if (isOver) break
    await new Promise((resolve) => setTimeout(resolve, intervalMs))
  }
  return fail(`waited ${deadlineMs} ms in vain for ${what}; the last answer was ${JSON.stringify(last)}`)
}
