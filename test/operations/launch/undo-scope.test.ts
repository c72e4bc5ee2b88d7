import t from 'tap'
import { runQueuedJobs } from '../../../src/app/testing/index.ts'
import { Item } from '../../fixtures/entities.ts'
import { openHost } from '../../plugins/options-host.ts'

const resources = {
  items: {
    entity: Item,
    path: '/items',
    bulkFields: ['notes', 'priority'],
    bulkDelete: true,
    undo: true,
    scope: ({ headers }: { headers: Record<string, unknown> }) => headers['x-user'] === undefined ? undefined : { priority: Number(headers['x-user']) }
  }
}

t.test('an undo reaches no records outside of the caller\'s scope', async (t) => {
  const { app, orm, post } = await openHost(t, { resources })
  const notes = async () => (await orm.em.getConnection().execute<{ id: number, notes: string | null }[]>('SELECT id, notes FROM item WHERE id <= 10 ORDER BY id')).map(({ notes }) => notes)
  const { body: job } = await post('/items/bulk-update', { selection: { ids: [1, 2, 3, 4, 5, 6] }, set: { notes: 'written' } })
  t.match(job, { status: 'succeeded' })

  const { body: undo } = await post(job.links.undo, {}, '1')
  t.match(undo, { operation: 'undo', counts: { total: 2 } }, 'items 1 and 6 have priority 1')
  t.match(await runQueuedJobs(app.powercrud), [{ status: 'succeeded', counts: { total: 2, succeeded: 2 } }])
  t.same(await notes(), [null, 'written', 'written', 'written', 'written', null, null, null, null, null])
})

t.test('an undo of which nothing is in the scope is refused', async (t) => {
  const { post } = await openHost(t, { resources })
  const { body: job } = await post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: 'written' } })
  t.match(await post(job.links.undo, {}, '2'), { status: 422, body: { code: 'all_records_missing' } })
})

t.test('an undo of a delete by a caller with a scope is refused with the reason', async (t) => {
  const { app, post } = await openHost(t, { resources })
  const { body: job } = await post('/items/bulk-delete', { selection: { ids: [1, 2] } })
  t.match(await post(job.links.undo, {}, '1'), { status: 409, body: { code: 'wrong_state', detail: /restricted/ } })
  t.match(await post(job.links.undo, {}), { status: 202 })
  t.match(await runQueuedJobs(app.powercrud), [{ status: 'succeeded', counts: { succeeded: 2 } }])
})
