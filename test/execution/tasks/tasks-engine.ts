import type { EngineSettings } from '../../../src/app/engine/create-engine.ts'
import type { EngineRules } from '../../../src/engine/engine.ts'
import type { JobRow } from '../../../src/engine/job-row.ts'
import { readJob } from '../../../src/jobs/store/job-rows.ts'
import { isTerminal } from '../../../src/engine/states.ts'
import type { TaskHandler } from '../../../src/engine/task.ts'
import { Item } from '../../fixtures/entities.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { openEngine, work } from '../../helpers/engine.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

interface TasksOptions {
  tasks?: EngineSettings['tasks']
  rules?: Partial<EngineRules>
  settings?: Partial<EngineSettings>
}

/** Items 1 … 20 on a database of its own, and an engine with tasks, whose jobs are worked on when the test says so. */
export async function tasksEngine (t: TestScope, { tasks = {}, rules, settings = {} }: TasksOptions = {}) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 20)
  const { engine, queueBackend, logged } = await openEngine(t, { orm, resources: { items: { entity: Item } }, rules, settings: { tasks, ...settings } })
  const job = async (id: string) => (await readJob(engine.database, engine.tables, id))!
  return {
    database,
    orm,
    engine,
    queueBackend,
    logged,
    job,
    /** Works on a job as a worker would, again and again until it has ended, rests or not. */
    async workOff (launched: JobRow): Promise<JobRow> {
      for (;;) {
        const now = await job(launched.id)
        if (isTerminal(now.status)) return now
        await engine.database.query('UPDATE powercrud.job SET run_after = NULL WHERE id = $1', [now.id])
        await work(engine, now)
      }
    },
    async living (): Promise<number> {
      return (await engine.database.query('SELECT 1 FROM powercrud.chunk WHERE living OR in_line')).length
    },
    async idsWhere (condition: string): Promise<number[]> {
      return (await engine.database.query<{ id: number }>(`SELECT id FROM item WHERE ${condition} ORDER BY id`)).map(({ id }) => id)
    }
  }
}

/** A task that archives items by name, one after the other. */
export const rename: TaskHandler<{ ids: number[], name: string }> = async ({ ids, name }, { em, updateProgress }) => {
  for (const [index, id] of ids.entries()) {
    const item = await em.findOneOrFail(Item, id)
    item.name = name
    updateProgress(index + 1, ids.length)
  }
  return { renamed: ids.length }
}
