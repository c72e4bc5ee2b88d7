import fastifySchedule from '@fastify/schedule'
import type { FastifyPluginAsync } from 'fastify'
import { AsyncTask, SimpleIntervalJob } from 'toad-scheduler'
import { settlesWithin } from '../src/deadline.ts'
import type { Engine } from '../src/engine/engine.ts'
import { recoverJobs, purgeExpired } from '../src/operations/cleanup/cleanup.ts'
import type { SweepOptions } from '../src/operations/cleanup/sweep.ts'

/** How long a closing server waits for a running sweep; the next sweep of any process continues it. */
const stopMs = 5_000

type Sweep = (engine: Engine, options: SweepOptions) => Promise<unknown>

/**
 * Schedules the cleanup, on the application's scheduler if it has one: recovery often, since the jobs of dead workers wait
 * for it, purging seldom. A sweep never overlaps itself in one process; several processes may sweep at once.
 *
 * Encapsulated: when the scheduler is ours, the application can still register its own.
 */
export const cleanupSchedule: FastifyPluginAsync<{ engine: Engine }> = async (app, { engine }) => {
  if (!app.hasDecorator('scheduler')) await app.register(fastifySchedule)
  const { cleanupScheduleIntervalMs } = engine.options
  const closing = new AbortController()
  const running = new Set<Promise<void>>()

  const sweeping = async (name: string, part: Sweep) => {
    try {
      await part(engine, { signal: closing.signal })
    } catch (error) {
      engine.log.warn({ err: error }, `the ${name} sweep failed; the next one retries`)
    }
  }
  const every = (milliseconds: number, name: string, part: Sweep) => {
    const task = new AsyncTask(`powercrud ${name}`, async () => {
      if (closing.signal.aborted) return
      const sweep = sweeping(name, part)
      running.add(sweep)
      await sweep.finally(() => running.delete(sweep))
    })
    return new SimpleIntervalJob({ milliseconds: Math.ceil(milliseconds) }, task, { id: `powercrud ${name} ${engine.workerId}`, preventOverrun: true })
  }
  const jobs = [
    every(Math.min(cleanupScheduleIntervalMs, engine.leaseMs / 3), 'liveness', recoverJobs),
    every(cleanupScheduleIntervalMs, 'cleanup', purgeExpired)
  ]

  app.addHook('onReady', async () => {
    for (const job of jobs) app.scheduler.addSimpleIntervalJob(job)
  })
  app.addHook('preClose', async () => {
    closing.abort()
    for (const job of jobs) if (app.scheduler.existsById(job.id!)) app.scheduler.removeById(job.id!)
    await settlesWithin(stopMs, Promise.all(running))
  })
}
