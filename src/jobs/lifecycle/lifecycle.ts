import { AsyncLocalStorage } from 'node:async_hooks'
import { v7 as uuidv7 } from 'uuid'
import { settlesWithin, within } from '../../deadline.ts'
import type { Engine } from '../../engine/engine.ts'
import type { JobRow } from '../../engine/job-row.ts'
import type { LifecycleHandlers, Lifecycle } from '../../engine/lifecycle.ts'
import { claimEvent, postponeEvent, removeEvent, type ClaimedEvent, type SubscribedJobs, replaceProgressEvent } from './outbox.ts'
import { storedEvent } from './record-events.ts'
import type { LiveProgress } from '../../live/live-store.ts'

/** How long a handler may take over an event; then it counts as failed, and any process may deliver the event again. */
const claimMs = 60_000
/** How long the events of other jobs wait for a handler that takes its time. */
const patienceMs = 2_000
const firstRestMs = 1_000
const longestRestMs = 600_000
/** The shortest time between two progress events of a job. */
const progressEveryMs = 1_000
const closeMs = 5_000

export interface LifecycleSettings {
  /** Asked each time: the engine does not exist yet when this is made. */
  engine: () => Engine
  /** The current handlers. */
  handlers: () => LifecycleHandlers
}

export function createLifecycle ({ engine, handlers }: LifecycleSettings): Lifecycle {
  const closing = new AbortController()
  const reportedAtMs = new Map<string, number>()
  /** Deliveries that are not waited for any more. */
  const slow = new Set<Promise<void>>()
  /** `wake` may be called in the context of a job or of a request that has nothing to do with the event. */
  const outside = AsyncLocalStorage.snapshot()
  let delivering: Promise<void> | undefined
  let wanted = false

  const hasSubscribers = ({ resource }: Pick<JobRow, 'resource'>) => handlers().of(resource).wantsEvents

  async function deliver (): Promise<void> {
    do await deliverDue()
    while (slow.size > 0 && !closing.signal.aborted && await Promise.race(slow) === undefined)
  }

  /** One after the other, so that one process is not busy with nothing else. */
  async function deliverDue (): Promise<void> {
    wanted = true
    delivering ??= outside(async () => {
      try {
        while (wanted && !closing.signal.aborted) {
          wanted = false
          while (!closing.signal.aborted && await deliverNext()) wanted = true
        }
      } finally {
        delivering = undefined
      }
    })
    await delivering
  }

  async function deliverNext (): Promise<boolean> {
    const { database, tables } = engine()
    // Events without a handler in this process are left to processes that have one.
    const subscribed = subscribedHere(handlers())
    if (!subscribed.elsewhere && subscribed.ofResources.length === 0) return false
    const claimed = await claimEvent(database, tables, { leaseMs: claimMs, subscribed })
    if (claimed === undefined) return false
    const delivering = deliverEvent(claimed)
    if (await settlesWithin(patienceMs, delivering)) await delivering
    else leaveAlone(delivering)
    return true
  }

  /** The event stands claimed, and holds back those of its own job only. */
  function leaveAlone (delivering: Promise<void>): void {
    const alone = delivering.catch((error: unknown) => {
      engine().log.warn({ err: error }, 'could not settle a lifecycle event; it will be delivered again')
    }).finally(() => {
      slow.delete(alone)
      wake()
    })
    slow.add(alone)
  }

  async function deliverEvent (claimed: ClaimedEvent): Promise<void> {
    const { database, tables, log } = engine()
    try {
      if (!claimed.is_overtaken) await within(claimMs, 'a lifecycle handler', () => handle(claimed))
      await removeEvent(database, tables, claimed)
    } catch (error) {
      const restMs = Math.min(longestRestMs, firstRestMs * 2 ** Math.min(claimed.attempts - 1, 20))
      log.error({ jobId: claimed.job_id, event: claimed.event, delivery: claimed.attempts, err: error }, 'a lifecycle handler failed; it will be delivered again')
      await postponeEvent(database, tables, claimed, restMs)
      setTimeout(wake, restMs + 50).unref()
    }
  }

  async function handle ({ id, event, payload: { job, payload }, created_at: at, attempts }: ClaimedEvent): Promise<void> {
    await handlers().of(job.resource).dispatch(event, job, { ...payload, eventId: id, at: at.toISOString(), delivery: attempts })
  }

  function wake (): void {
    if (closing.signal.aborted) return
    deliver().catch((error: unknown) => {
      engine().log.warn({ err: error }, 'could not deliver lifecycle events; the next sweep will')
    })
  }

  async function recordProgress (job: JobRow, progress: LiveProgress): Promise<void> {
    const { database, tables } = engine()
    const now = { ...job, fence: progress.fence }
    await replaceProgressEvent(database, tables, { id: uuidv7(), jobId: job.id, fence: progress.fence, kept: storedEvent(engine(), now, progress) })
    wake()
  }

  return {
    hasSubscribers,
    progress (job, progress) {
      const now = performance.now()
      if (!hasSubscribers(job) || now - (reportedAtMs.get(job.id) ?? -Infinity) < progressEveryMs) return
      // Who has been silent for long has ended, and is not kept in mind.
      for (const [id, atMs] of reportedAtMs) if (now - atMs > 60 * progressEveryMs) reportedAtMs.delete(id)
      reportedAtMs.set(job.id, now)
      recordProgress(job, progress).catch((error: unknown) => {
        engine().log.warn({ jobId: job.id, err: error }, 'could not record the progress of a job')
      })
    },
    wake,
    deliver,
    async close () {
      closing.abort()
      await settlesWithin(closeMs, Promise.all([delivering, ...slow]))
    }
  }
}

/** The jobs whose events have a handler in this process. */
function subscribedHere ({ main, others }: LifecycleHandlers): SubscribedJobs {
  return {
    ofResources: [...others].flatMap(([resource, { wantsEvents }]) => wantsEvents ? [resource] : []),
    except: [...others.keys()],
    elsewhere: main.wantsEvents
  }
}
