/** Reads tap's own count of assertions out of what it prints, for the closing line of a run. */
export class Tally {
  #text = ''

  read (chunk: Buffer | string): void {
    this.#text += chunk.toString()
    // The count is among the last lines: what is before them need not be kept.
    this.#text = this.#text.slice(-10_000)
  }

  /** A run that failed says so in its numbers too, even where no assertion did. */
  closingLines (exitCode: number): string[] {
    const summary = /^# \{ total: .*\}$/m.exec(this.#text)?.[0] ?? ''
    const count = (outcome: string) => Number(new RegExp(`\\b${outcome}: (\\d+)`).exec(summary)?.[1] ?? 0)
    const failed = count('fail')
    if (exitCode === 0 || failed > 0) return [`${count('pass')} passed, ${failed} failed`]
    return [
      `No assertion failed, but the run ended with ${exitCode}; see above why (not started, interrupted, or coverage under its floor).`,
      `${count('pass')} passed, 1 failed`
    ]
  }
}
