import t from 'tap'
import { launchBulk } from '../../src/operations/launch/launch-bulk.ts'
import { Item } from '../fixtures/entities.ts'
import { seedItems } from '../fixtures/orm.ts'
import { openBulk } from '../helpers/bulk.ts'
import { bulkLaunch, work } from '../helpers/engine.ts'
import { until } from '../helpers/until.ts'

t.test('rollback: nobody sees a changed record before the end, and live progress moves at least every half second', async (t) => {
  const { engine, rows, job } = await openBulk(t, { resources: { items: { entity: Item } }, seed: (_client, orm) => seedItems(orm, 1_500) })
  const statusesDone = async () => (await rows<{ id: number }>("SELECT id FROM item WHERE status = 'done'")).map(({ id }) => id)
  await rows(`
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.001); RETURN new; END $$;
    CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION slow();
    CREATE TABLE slice (size int);
    CREATE FUNCTION record_slice() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO slice SELECT count(*) FROM written; RETURN NULL; END $$;
    CREATE TRIGGER record_slice AFTER UPDATE ON item REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION record_slice()`)
  const { job: queued } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, runInRequest: 'never' }))
  const moves: { atMs: number, processed: number }[] = [{ atMs: performance.now(), processed: 0 }]
  const worked = work(engine, queued)
  const ended = await until(async () => {
    const live = await engine.live.read(queued.id)
    if (live !== undefined && live.processed !== moves.at(-1)!.processed) {
      moves.push({ atMs: performance.now(), processed: live.processed })
      const done = await statusesDone()
      const { status, succeeded } = await job(queued.id)
      if (status === 'running') t.same({ done, succeeded }, { done: [], succeeded: 0 })
    }
    return (await job(queued.id)).finished_at !== null && performance.now()
  }, { deadlineMs: 60_000, what: 'the end of the job' })
  await worked
  const gaps = [...moves.map(({ atMs }) => atMs), ended].map((atMs, index, all) => atMs - (all[index - 1] ?? atMs))
  // A record takes a millisecond at least, so half a second is never less than so many of them.
  const slices = (await rows<{ size: number }>('SELECT size FROM slice')).map(({ size }) => size)
  t.ok(Math.max(...slices) <= 500, `slices of ${slices.join(', ')}`)
  t.ok(slices.length > 5)
  t.ok(moves.length > 3, `${moves.length} moves`)
  t.ok(moves.every(({ processed }, index) => index === 0 || processed > moves[index - 1]!.processed))
  t.comment(`the longest pause was ${Math.max(...gaps)} ms`)
  // Half a second is meant. The work itself takes more than two seconds: what is beyond that the machine stood still for.
  const tookMs = ended - moves[0]!.atMs
  t.ok(Math.max(...gaps) < Math.max(1_000, tookMs - 1_500), `the longest pause was ${Math.max(...gaps)} of ${tookMs} ms`)
  t.match(await job(queued.id), { status: 'succeeded', succeeded: 1_500, unchanged: 0, missing: 0, skipped: 0, failed: 0 })
})
