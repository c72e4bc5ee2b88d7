import t from 'tap'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import { createGate } from '../../helpers/gate.ts'
import { startScript } from '../../helpers/processes.ts'
import { addHundred } from './task-worker.ts'
import { tasksEngine } from './tasks-engine.ts'

for (const [when, id, committed] of [['its first write', 1, 0], ['a checkpoint', 3, 2]] as const) {
  t.test(`a worker is killed between the write and the COMMIT, after ${when}: the effects happen once`, async (t) => {
    const { engine, database, job, workOff, idsWhere, living } = await tasksEngine(t, { tasks: { addHundred }, rules: { conflictTtlMs: 15_000 } })
    const gate = await createGate(database, { table: 'item', on: 'update', row: `new.id = ${id}` })
    const worker = startScript(t, new URL('./task-worker.ts', import.meta.url), { args: [database.url] })
    await worker.waitForLine(/^ready$/)
    await gate.close()
    const launched = await launchTask(engine, 'addHundred', null, { conflicts: { items: [1, 2, 3, 4] } })
    await gate.waitUntilReached()
    // Another worker lives, else the sweep would take the job for abandoned at so late an instant.
    await engine.database.query(`
      INSERT INTO powercrud.worker (id, host, pid, concurrency, seen_at) VALUES ('pretended', 'nowhere', 1, 1, now() + interval '1 year')`)
    worker.kill('SIGKILL')
    await worker.exited
    t.match(await recoverJobs(engine, { now: new Date(Date.now() + 16_000) }), { requeued: 1 })
    await gate.open()
    t.equal((await idsWhere('priority >= 100')).length, committed)
    t.equal(await living(), 1, 'its records are locked all the time')

    t.match(await workOff(await job(launched.id)), { status: 'succeeded', attempts: 2, deaths: 1, failures: 0 })
    t.same(await idsWhere('priority BETWEEN 100 AND 199'), [1, 2, 3, 4])
    t.same(await idsWhere('priority >= 200'), [])
    t.equal(await living(), 0)
  })
}
