const tickMs = 10

/**
 * Measures time as this process lived it, milliseconds: while it stood still, because the machine had no time for it or
 * was itself held up, little of it goes by. For what a process itself has to keep to, whoever it waits for is away.
 */
export function startAwakeClock (): { elapsedMs (): number, stop (): void } {
  let elapsedMs = 0
  let last = performance.now()
  const count = () => {
    const now = performance.now()
    elapsedMs += Math.min(now - last, 2 * tickMs)
    last = now
  }
  const timer = setInterval(count, tickMs)
  return {
    elapsedMs () {
      count()
      return Math.round(elapsedMs)
    },
    stop () { clearInterval(timer) }
  }
}

/** How long something took of the time that this process lived. */
export async function awakeDuring (run: () => Promise<unknown>): Promise<number> {
  const clock = startAwakeClock()
  try {
    await run()
    return clock.elapsedMs()
  } finally {
    clock.stop()
  }
}
