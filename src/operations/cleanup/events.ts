import { settlesWithin } from '../../deadline.ts'
import { removeStaleEvents } from '../../jobs/lifecycle/outbox.ts'
import { before, type Sweep } from './sweep.ts'

/** How long delivery of an event is attempted beyond the retention of its job. */
const deliveryWindowMs = 7 * 86_400_000

/** Delivers lifecycle events that a dead process left undelivered. A slow handler of the application does not hold up the sweep. */
export async function deliverEvents ({ engine: { lifecycle, leaseMs } }: Sweep): Promise<void> {
  const delivering = lifecycle.deliver()
  if (await settlesWithin(leaseMs / 3, delivering)) await delivering
}

/** Discards events whose handler has kept failing for more than a week. */
export async function purgeEvents (sweep: Sweep): Promise<void> {
  const { engine: { database, tables, options: { cleanupGracePeriodMs }, log } } = sweep
  const count = await removeStaleEvents(database, tables, { before: before(sweep, cleanupGracePeriodMs + deliveryWindowMs) })
  if (count > 0) log.error({ count }, 'discarded lifecycle events that could not be delivered for more than a week')
}
