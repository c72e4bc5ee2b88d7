const tickMs = 10

/**
 * Measures, in milliseconds, the time during which this process was able to run: time in which the machine was suspended or
 * gave it no CPU is not counted. For limits that a process keeps by itself, without a response of a server.
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

/** The time `run` took, by the same clock. */
export async function awakeDuring (run: () => Promise<unknown>): Promise<number> {
  const clock = startAwakeClock()
  try {
    await run()
    return clock.elapsedMs()
  } finally {
    clock.stop()
  }
}
