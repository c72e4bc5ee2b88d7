import type { Health } from '../../schemas/health.ts'
import { within } from '../deadline.ts'
import type { Engine } from '../engine/engine.ts'
import { countLivingWorkers, countJobsWithoutWorker } from '../jobs/store/workers.ts'

/** A part that does not answer within this time counts as down. */
const answerMs = 2_000

/** Checks all parts at once, bounded in time. Never throws; the reason why a part is down is only logged. */
export async function checkHealth (engine: Pick<Engine, 'database' | 'tables' | 'live' | 'queue' | 'log' | 'leaseMs'>): Promise<Health> {
  const { database, queue, live, tables, leaseMs, log } = engine
  const ask = async <Answer>(part: string, question: () => Promise<Answer>): Promise<{ up: boolean, answer?: Answer }> => {
    try {
      return { up: true, answer: await within(answerMs, part, question) }
    } catch (error) {
      log.warn({ err: error, part }, 'a part is not healthy')
      return { up: false }
    }
  }
  const [workers, stranded, queueUp, liveUp] = await Promise.all([
    ask('database', () => countLivingWorkers(database, tables, leaseMs)),
    ask('database', () => countJobsWithoutWorker(database, tables, leaseMs)),
    ask('queue', () => queue.ping(answerMs)),
    ask('live store', () => live.ping(answerMs))
  ])
  const status = (up: boolean) => up ? 'up' : 'down'
  return {
    status: workers.up && queueUp.up && liveUp.up ? 'ok' : 'unavailable',
    database: { status: status(workers.up) },
    queue: { status: status(queueUp.up), kind: queue.kind },
    liveStore: { status: status(liveUp.up), kind: live.kind },
    workers: { living: workers.answer ?? null, jobsWithout: stranded.answer ?? null }
  }
}
