// A worker for tasks in a process of its own, to be killed.

import { fileURLToPath } from 'node:url'
import { MikroORM, type EntityManager } from '@mikro-orm/postgresql'
import { createEngine } from '../../../src/app/engine/create-engine.ts'
import type { TaskContext } from '../../../src/engine/task.ts'
import { startEngineWorker } from '../../../src/execution/worker/engine-worker.ts'
import { entities, Item } from '../../fixtures/entities.ts'
import { defaultRules, resolveResources } from '../../helpers/engine.ts'

/** Adds 100 to the priority of items 1 … 4, two by two. */
export async function addHundred (_payload: unknown, { em, checkpoint }: TaskContext): Promise<void> {
  for (let id = checkpoint.value as number | undefined ?? 1; id <= 4; id += 2) {
    await add(em, [id, id + 1])
    await checkpoint.save(id + 2)
  }
}

async function add (em: EntityManager, ids: number[]): Promise<void> {
  for (const item of await em.find(Item, ids)) item.priority = (item.priority ?? 0) + 100
  await em.flush()
}

const settings = process.argv[2]
if (settings !== undefined && process.argv[1] === fileURLToPath(import.meta.url)) {
  const orm = await MikroORM.init({ clientUrl: settings, entities })
  const logError = (details: object, message: string) => console.error(message, details)
  const { engine, queueBackend } = await createEngine({
    orm,
    redis: undefined,
    prefix: 'powercrud',
    databaseSchema: 'powercrud',
    migrate: false,
    rules: { ...defaultRules, conflictTtlMs: 15_000 },
    resources: resolveResources(orm, { items: { entity: Item } }),
    tasks: { addHundred },
    log: { debug () {}, info () {}, warn: logError, error: logError }
  })
  const worker = await startEngineWorker({ engine, queueBackend, concurrency: 1 })
  await worker.ready()
  console.log('ready')
}
