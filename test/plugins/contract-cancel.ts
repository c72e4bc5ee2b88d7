import type { Test } from 'tap'
import { createGate } from '../helpers/gate.ts'
import { until } from '../helpers/until.ts'
import type { World } from './world.ts'

/** Cancel: at once for a job that no worker has claimed, within a chunk for one that is running. */
export async function contractOfCancel (t: Test, { busy, quiet }: { busy: World, quiet: World }): Promise<void> {
  await t.test('a queued job is cancelled at once, and then there is nothing to cancel', async (t) => {
    const queued = (await quiet.post('/items/bulk-update', { selection: { ids: [2] }, set: { notes: 'never' } }, { headers: { prefer: 'respond-async' } })).json
    t.match(await quiet.post(queued.links.cancel, undefined, { headers: { 'x-refuse': 'cancel' } }), { status: 403 })
    t.match(await quiet.post(queued.links.cancel, undefined, { as: 'grace' }), { status: 404, json: { code: 'job_not_found' } })
    t.match(await quiet.post(queued.links.cancel, { dryRun: true }), { status: 400, json: { code: 'validation_failed' } }, 'a body would have no effect')
    const form = { headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    t.match(await quiet.post(queued.links.cancel, 'dryRun=true', form), { status: 400, json: { code: 'validation_failed' } })
    t.match(await quiet.post(queued.links.cancel, '', form), { status: 202, json: { id: queued.id, status: 'cancelled', links: { cancel: null } } })
    const json = { headers: { 'content-type': 'application/json' } }
    t.match(await quiet.post(queued.links.cancel, '', json), { status: 409, json: { code: 'wrong_state' } }, 'nor does one that is not there')
    t.match(await quiet.post(queued.links.cancel, {}), { status: 409, json: { code: 'wrong_state' } }, 'an empty body says nothing')
    t.match(await quiet.post(queued.links.cancel), { status: 409, json: { code: 'wrong_state' } })
  })

  const gate = await createGate(busy.database, { table: 'item', on: 'update', row: "new.notes LIKE 'cancelled under %'" })
  for (const onError of ['rollback', 'stop', 'continue']) {
    await t.test(`a running job under ${onError}: ${onError === 'rollback' ? 'nothing is left behind' : 'its last chunk is committed, so it succeeds'}`, async (t) => {
      const notes = `cancelled under ${onError}`
      await gate.close()
      const { json: job } = await busy.post('/items/bulk-update', { selection: { filter: { priority: 1 } }, set: { notes }, onError }, { headers: { prefer: 'respond-async' } })
      await gate.waitUntilReached()
      t.match(await busy.post(job.links.cancel), { status: 202, json: { status: 'cancelling' } })
      await gate.open()
      const { json: ended } = await until(async () => {
        const answer = await busy.get(job.links.progress)
        return answer.status === 286 && answer
      }, { what: 'the end of the job' })
      const { rows: [written] } = await busy.sql.query('SELECT count(*)::int AS count FROM item WHERE notes = $1', [notes])
      t.match(ended, { status: onError === 'rollback' ? 'cancelled' : 'succeeded', counts: { succeeded: written.count, failed: 0 }, error: null })
      t.equal(written.count > 0, onError !== 'rollback')
    })
  }
}
