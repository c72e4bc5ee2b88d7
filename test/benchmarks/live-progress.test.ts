import t from 'tap'
import { launchBulk } from '../../src/jobs/launch-bulk.ts'
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
    CREATE TRIGGER slow BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION slow()`)
  const { job: queued } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' }, here: 'never' }))
  const moves: { atMs: number, processed: number }[] = [{ atMs: performance.now(), processed: 0 }]
  const worked = work(engine, queued)
  const ended = await until(async () => {
    const live = await engine.live.hear(queued.id)
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
  t.ok(moves.length > 5, `${moves.length} moves`)
  t.ok(moves.every(({ processed }, index) => index === 0 || processed > moves[index - 1]!.processed))
  t.comment(`the longest pause was ${Math.max(...gaps)} ms`)
  // Half a second is meant; a busy machine gets as much again.
  t.ok(Math.max(...gaps) < 1_000, `the longest pause was ${Math.max(...gaps)} ms`)
  t.match(await job(queued.id), { status: 'succeeded', succeeded: 1_500, unchanged: 0, missing: 0, skipped: 0, failed: 0 })
})
