import type { Test } from 'tap'
import { until } from '../helpers/until.ts'
import type { World } from './world.ts'

/** Undo, from the link of a job to the records as they were. */
export async function contractOfUndo (t: Test, world: World): Promise<void> {
  const ids = (await world.sql.query<{ id: number }>('SELECT id FROM item ORDER BY id DESC LIMIT 3')).rows.map(({ id }) => id)
  const state = async () => (await world.sql.query('SELECT id, name, status, notes, (SELECT array_agg(label_id ORDER BY label_id) FROM item_labels WHERE item_id = id) AS labels FROM item WHERE id = ANY($1) ORDER BY id', [ids])).rows
  const ended = async (id: string) => (await until(async () => {
    const answer = await world.get(`/powercrud/async/progress/${id}`)
    return answer.status === 286 && answer
  }, { what: 'the end of the undo' })).json

  for (const [operation, body] of [['update', { set: { notes: 'undo me', labels: { replace: [] } } }], ['delete', {}]] as const) {
    await t.test(`an undo of ${operation}`, async (t) => {
      const before = await state()
      const done = (await world.post(`/items/bulk-${operation}`, { selection: { ids }, ...body })).json
      t.match(done, { status: 'succeeded', counts: { succeeded: 3 }, links: { undo: `/powercrud/async/jobs/${done.id}/undo` } })
      t.match(await world.post(done.links.undo, undefined, { headers: { 'x-refuse': 'undo' } }), { status: 403 })
      t.match(await world.post(done.links.undo, undefined, { as: 'grace' }), { status: 404, json: { code: 'job_not_found' } })

      const accepted = await world.post(done.links.undo)
      t.match(accepted, { status: 202, json: { operation: 'undo', undoOf: done.id, onError: 'continue', links: { undo: null } } })
      t.match(await ended(accepted.json.id), { status: 'succeeded', counts: { succeeded: 3, skipped: 0 } })
      t.same(await state(), before)
      t.match(await world.post(done.links.undo), { status: 409, json: { code: 'wrong_state', jobId: accepted.json.id } }, 'once')
    })
  }

  await t.test('a job of a resource that keeps nothing has no link, and 409', async (t) => {
    const { json } = await world.post('/countries/bulk-update', { selection: { ids: ['AA'] }, set: { name: 'kept nowhere' } })
    t.match(json, { status: 'succeeded', links: { undo: null } })
    t.match(await world.post(`/powercrud/async/jobs/${json.id}/undo`), { status: 409, json: { code: 'wrong_state' } })
  })
}
