import t, { type Test } from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { readJob } from '../../../src/jobs/store/job-rows.ts'
import { isTerminal } from '../../../src/engine/states.ts'
import { recoverJobs } from '../../../src/operations/cleanup/cleanup.ts'
import { launchTask } from '../../../src/operations/tasks/launch-task.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { createEngineDatabase } from '../../helpers/engine-database.ts'
import { bulkLaunch, openEngine, work } from '../../helpers/engine.ts'
import { createGate, type GateOptions } from '../../helpers/gate.ts'
import { startScript } from '../../helpers/processes.ts'
import { until } from '../../helpers/until.ts'
import { tellingResources, tellingRules, tellingTasks, writingManager } from './telling-worker.ts'

interface Heard { event_id: string, event: string, delivery: number, pid: number }

/** Jobs that are launched here, done by a worker in another process, and told of by whoever lives. */
async function open (t: Test) {
  const database = await createEngineDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 5)
  const { engine } = await openEngine(t, {
    orm, resources: tellingResources, rules: tellingRules, settings: { tasks: tellingTasks, manager: writingManager() }
  })
  const client = await database.connect()
  // A row for each event that is recorded, in the transaction that records it.
  await client.query(`
    CREATE TABLE heard (seq int GENERATED ALWAYS AS IDENTITY, event_id uuid, job_id uuid, event text, delivery int, pid int);
    CREATE TABLE recorded (seq int GENERATED ALWAYS AS IDENTITY, event_id uuid, event text);
    CREATE FUNCTION record_event() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF new.event <> 'progress' THEN INSERT INTO recorded (event_id, event) VALUES (new.id, new.event); END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER record_event AFTER INSERT ON powercrud.outbox FOR EACH ROW EXECUTE FUNCTION record_event();
    INSERT INTO powercrud.worker (id, host, pid, concurrency, seen_at) VALUES ('pretended', 'nowhere', 1, 1, now() + interval '1 year')`)
  const rows = async <Row extends object>(text: string) => (await client.query<Row>(text)).rows
  const heard = () => rows<Heard>('SELECT event_id, event, delivery, pid FROM heard ORDER BY seq')
  return {
    database,
    engine,
    rows,
    heard,
    async launch (kind: 'bulk' | 'task') {
      const job = kind === 'task'
        ? await launchTask(engine, 'nothing', null)
        : (await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { ids: [1, 2] }, set: { status: 'done' }, runInRequest: 'never' }))).job
      await until(async () => (await heard()).length === 1)
      await engine.lifecycle.deliver()
      return job
    },
    startWorker: (hangsAt?: string) => startScript(t, new URL('telling-worker.ts', import.meta.url), { args: [database.url, ...(hangsAt === undefined ? [] : [hangsAt])] }),
    status: async (id: string) => (await readJob(engine.database, engine.tables, id))!.status,
    /** What a claim on an event, or on a job, keeps others from doing is over some time later. */
    async later () {
      await client.query('UPDATE powercrud.outbox SET due_at = now()')
      return recoverJobs(engine, { now: new Date(Date.now() + 16_000) })
    },
    async workOff (id: string) {
      for (;;) {
        const job = (await readJob(engine.database, engine.tables, id))!
        if (isTerminal(job.status)) return
        await work(engine, job)
      }
    },
    /** Recorded once each; each told at least once, by its one id, in order; nothing is left. */
    async assertTold () {
      await until(async () => (await rows('SELECT FROM powercrud.outbox')).length === 0, { what: 'an empty outbox' })
      const recorded = await rows<{ event_id: string, event: string }>('SELECT event_id, event FROM recorded ORDER BY seq')
      t.same(recorded.map(({ event }) => event), ['create', 'complete', 'cleanup'], 'recorded once')
      const told = await heard()
      t.same(told.filter((one, index) => index === 0 || one.event_id !== told[index - 1]!.event_id).map(({ event_id: id, event }) => [id, event]),
        recorded.map(({ event_id: id, event }) => [id, event]), 'told in order, by their ids')
    }
  }
}

/** Kills the worker where it stands before a gate, and with it what it was doing in the database. */
async function killedAt ({ database, rows, startWorker }: Awaited<ReturnType<typeof open>>, options: GateOptions) {
  const gate = await createGate(database, options)
  await gate.close()
  const worker = startWorker()
  const pids = await gate.waitUntilReached({ deadlineMs: 60_000 })
  worker.kill('SIGKILL')
  await worker.exited
  // The end of a backend is awaited: until it is gone it holds the row of its job, which a sweep would pass over.
  await rows(`SELECT pg_terminate_backend(pid, 60000) FROM unnest('{${pids.join()}}'::int[]) AS pid`)
  await gate.open()
  return worker
}

for (const kind of ['bulk', 'task'] as const) {
  t.test(`${kind}: killed in the transaction that ends the job and records it: neither is there, then both, once`, async (t) => {
    const world = await open(t)
    const job = await world.launch(kind)
    await killedAt(world, { table: 'powercrud.outbox', on: 'insert', row: "new.event = 'complete'" })
    t.equal(await world.status(job.id), 'running')
    t.equal((await world.rows('SELECT FROM recorded')).length, 1)
    t.match(await world.later(), { requeued: 1 })
    await world.workOff(job.id)
    t.equal(await world.status(job.id), 'succeeded')
    await world.assertTold()
  })
}

t.test('killed between the COMMIT of the job and the delivery of its events: another process tells them', async (t) => {
  const world = await open(t)
  const job = await world.launch('bulk')
  await killedAt(world, { table: 'powercrud.outbox', on: 'update', when: 'before', row: "new.event = 'complete'" })
  t.equal(await world.status(job.id), 'succeeded')
  t.match(await world.heard(), [{ event: 'create' }])
  t.equal((await world.heard()).length, 1)
  await world.later()
  await world.assertTold()
  t.same((await world.heard()).map(({ pid, delivery }) => [pid, delivery]), [[process.pid, 1], [process.pid, 1], [process.pid, 1]])
})

t.test('killed in the middle of a handler: the event is told again, with its id, and none overtakes it', async (t) => {
  const world = await open(t)
  const job = await world.launch('task')
  const worker = world.startWorker('complete')
  await until(async () => (await world.heard()).some(({ event }) => event === 'complete'), { deadlineMs: 60_000 })
  worker.kill('SIGKILL')
  await worker.exited
  t.equal(await world.status(job.id), 'succeeded')
  await world.engine.lifecycle.deliver()
  t.equal((await world.heard()).length, 2, 'its claim stands for a while')
  await world.later()
  await world.assertTold()
  t.same((await world.heard()).map(({ event, delivery, pid }) => [event, delivery, pid]), [
    ['create', 1, process.pid], ['complete', 1, worker.pid], ['complete', 2, process.pid], ['cleanup', 1, process.pid]
  ])
})

t.test('killed after the handler, before the event is crossed out: told again, with its id', async (t) => {
  const world = await open(t)
  const job = await world.launch('bulk')
  const worker = await killedAt(world, { table: 'powercrud.outbox', on: 'delete', when: 'before', row: "old.event = 'complete'" })
  t.equal(await world.status(job.id), 'succeeded')
  await world.later()
  await world.assertTold()
  t.same((await world.heard()).map(({ event, delivery, pid }) => [event, delivery, pid]), [
    ['create', 1, process.pid], ['complete', 1, worker.pid], ['complete', 2, process.pid], ['cleanup', 1, process.pid]
  ])
})
