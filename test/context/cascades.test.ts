import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { launchBulk } from '../../src/jobs/launch-bulk.ts'
import { previewBulk } from '../../src/preview/preview-bulk.ts'
import { openBulk } from '../helpers/bulk.ts'
import { bulkLaunch, work } from '../helpers/engine.ts'
import { createGate } from '../helpers/gate.ts'
import { whoHolds } from '../../src/locks/who-holds.ts'
import type { TestScope } from '../helpers/test-scope.ts'

const Project = defineEntity({ name: 'Project', properties: { id: p.integer().primary(), name: p.string() } })
const Phase = defineEntity({ name: 'Phase', properties: { id: p.integer().primary(), project: () => p.manyToOne(Project).deleteRule('cascade') } })
const Chore = defineEntity({ name: 'Chore', properties: { id: p.integer().primary(), phase: () => p.manyToOne(Phase).deleteRule('cascade'), done: p.boolean().default(false) } })

/** Projects 1 … 10, each with a phase of its number, which has two chores: 2n - 1 and 2n. Phases are no resource. */
async function open (t: TestScope) {
  const bulk = await openBulk(t, {
    entities: [Project, Phase, Chore],
    resources: { projects: { entity: Project }, chores: { entity: Chore, bulkFields: ['done'] } },
    seed: async (client) => {
      await client.query(`
        INSERT INTO project (id, name) SELECT n, 'project ' || n FROM generate_series(1, 10) n;
        INSERT INTO phase (id, project_id) SELECT n, n FROM generate_series(1, 10) n;
        INSERT INTO chore (id, phase_id) SELECT n, (n + 1) / 2 FROM generate_series(1, 20) n`)
    }
  })
  const hold = async (ids: number[]) => (await launchBulk(bulk.engine, bulkLaunch(bulk.engine, 'chores', { selection: { ids }, set: { done: true }, here: 'never' }))).job
  return { ...bulk, hold }
}

t.test('what would go by cascade and is held by another job fails its own record only', async (t) => {
  const { perform, unwritten, hold, rows } = await open(t)
  await hold([5])
  const job = await perform('projects', { selection: { all: true }, onError: 'continue' })
  t.match(job, { status: 'completed_with_errors', succeeded: 9, failed: 1 })
  t.match(await unwritten(job), [{ key: '3', outcome: 'failed', code: 'locked', message: 'chores 5 is locked by another job' }])
  t.same(await rows('SELECT id FROM chore ORDER BY id'), [{ id: 5 }, { id: 6 }])
})

t.test('under rollback nothing is deleted', async (t) => {
  const { perform, hold, rows } = await open(t)
  await hold([5])
  const job = await perform('projects', { selection: { ids: [1, 2, 3, 4] } })
  t.match(job, { status: 'failed', error_code: 'rolled_back', error_row_code: 'locked', succeeded: 0 })
  t.match(await rows('SELECT count(*)::int AS count FROM project'), [{ count: 10 }])
})

t.test('while the delete runs its children are locked, and released with it', async (t) => {
  const { engine, database, hold, rows } = await open(t)
  const gate = await createGate(database, { table: 'project', on: 'delete' })
  await gate.close()
  const { job } = await launchBulk(engine, bulkLaunch(engine, 'projects', { selection: { ids: [1] }, here: 'never' }))
  const working = work(engine, job)
  await gate.waitUntilReached()
  t.match(await whoHolds(engine, 'chores', [1, 2, 3]), [{ id: 1, jobId: job.id }, { id: 2, jobId: job.id }])
  await t.rejects(hold([2, 3]), { code: 'records_locked', conflictCount: 1 })
  await gate.open()
  await working
  t.same(await rows('SELECT 1 FROM powercrud.chunk WHERE living'), [])
  t.match(await rows('SELECT status, total, succeeded FROM powercrud.job WHERE id = $1', [job.id]), [{ status: 'succeeded', total: 1, succeeded: 1 }])
})

t.test('a preview tells it, and locks nothing', async (t) => {
  const { engine, hold, rows } = await open(t)
  await hold([5])
  const selection = { ids: [2, 3] }
  const preview = await previewBulk(engine, { ...bulkLaunch(engine, 'projects', { selection }), operation: 'delete', selection })
  t.match(preview.failures, [{ id: 3, code: 'locked' }])
  t.equal((await rows('SELECT 1 FROM powercrud.chunk WHERE living')).length, 1)
})
