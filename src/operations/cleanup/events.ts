import { settlesWithin } from '../../deadline.ts'
import { removeStaleEvents } from '../../jobs/lifecycle/outbox.ts'
import { before, type Sweep } from './sweep.ts'

/** How long an event is tried to be told beyond the time that its job is kept. */
const deliveryWindowMs = 7 * 86_400_000

/** Tells lifecycle events that a process which died has left behind. No handler of the application holds up a sweep. */
export async function deliverEvents ({ engine: { lifecycle, leaseMs } }: Sweep): Promise<void> {
  const delivering = lifecycle.deliver()
  if (await settlesWithin(leaseMs / 3, delivering)) await delivering
}

/** Gives up events whose handler has failed for a week and more. */
export async function purgeEvents (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, options: { cleanupGracePeriodMs }, log } } = sweep
  const count = await removeStaleEvents(database, tables, { before: before(sweep, cleanupGracePeriodMs + deliveryWindowMs) })
  if (count > 0) log.error({ count }, 'lifecycle events could not be told for very long, and were given up')
}
