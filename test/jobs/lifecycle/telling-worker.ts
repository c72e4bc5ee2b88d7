// A worker in a process of its own that tells lifecycle events, to be killed in the middle of it.

import { fileURLToPath } from 'node:url'
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql'
import { AsyncManager, type LifecycleEvent, type LifecyclePayload } from '../../../plugins/index.ts'
import type { Job } from '../../../schemas/job.ts'
import { createEngine } from '../../../src/app/engine/create-engine.ts'
import { startEngineWorker } from '../../../src/execution/worker/engine-worker.ts'
import { entities, Item } from '../../fixtures/entities.ts'
import { defaultRules, resolveResources } from '../../helpers/engine.ts'
import { engineOf } from '../../../src/app/manager/async-manager.ts'

/** A manager that writes what it hears to a table; at one event, if that is wanted, it comes to no end. */
export function writingManager (hangsAt?: LifecycleEvent) {
  return class extends AsyncManager {
    override async asyncTaskLifecycle (event: LifecycleEvent, job: Job, { eventId, delivery }: LifecyclePayload): Promise<void> {
      if (event === 'progress') return
      const em = engineOf(this).orm.em.fork() as EntityManager
      await em.getConnection().execute('INSERT INTO heard (event_id, job_id, event, delivery, pid) VALUES (?, ?, ?, ?, ?)', [eventId, job.id, event, delivery, process.pid])
      if (event === hangsAt) await new Promise(() => {})
    }
  }
}

export const tellingResources = { items: { entity: Item, bulkFields: ['status'] } }
export const tellingRules = { ...defaultRules, conflictTtlMs: 15_000 }
export const tellingTasks = { nothing: async () => 'done' }

const [, , clientUrl, hangsAt] = process.argv
if (clientUrl !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const logError = (details: object, message: string) => console.error(message, details)
  const orm = await MikroORM.init({ clientUrl, entities })
  const { engine, queueBackend } = await createEngine({
    orm,
    redis: undefined,
    prefix: 'powercrud',
    databaseSchema: 'powercrud',
    migrate: false,
    rules: tellingRules,
    resources: resolveResources(orm, tellingResources),
    tasks: tellingTasks,
    manager: writingManager(hangsAt as LifecycleEvent | undefined),
    log: { debug () {}, info () {}, warn: logError, error: logError }
  })
  await startEngineWorker({ engine, queueBackend, concurrency: 1 })
}
