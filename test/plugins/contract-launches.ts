import type { Test } from 'tap'
import { until } from '../helpers/until.ts'
import type { World } from './world.ts'

const progressOf = (id: string) => `/powercrud/async/progress/${id}`

async function ended (world: World, id: string) {
  return until(async () => {
    const answer = await world.get(progressOf(id))
    return answer.status === 286 && answer
  }, { what: `the end of ${id}` })
}

const count = async ({ sql }: World, what: string) => (await sql.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${what}`)).rows[0]!.count

/** What is done, in the request and in the background. */
export async function contractOfLaunches (t: Test, world: World): Promise<void> {
  await t.test('few records are changed in the request', async (t) => {
    const answer = await world.post('/items/bulk-update', { selection: { ids: [1, 2, 2, 3] }, set: { status: 'done', notes: '<b>', dueAt: '2026-11-24T09:30:00Z', owner: null, amount: '12.50' }, reason: 'because' })
    t.match(answer, { status: 200, headers: { location: `/powercrud/async/jobs/${answer.json.id}` } })
    t.match(answer.json, {
      status: 'succeeded', resource: 'items', operation: 'update', reason: 'because', createdBy: { id: 'ada', label: 'ADA' }, onError: 'rollback', onConflict: 'fail', counts: { total: 3, succeeded: 3 }
    })
    t.equal(answer.headers['retry-after'], undefined)
    t.equal(await count(world, "item WHERE status = 'done' AND notes = '<b>' AND owner_id IS NULL AND amount = 12.5 AND version = 2"), 3)
  })

  await t.test('records that have the values already are unchanged; records that are gone are missing', async (t) => {
    const { json } = await world.post('/items/bulk-update', { selection: { ids: [1, 4, 9_999] }, set: { status: 'done' } })
    t.match(json, { status: 'succeeded', counts: { total: 3, processed: 3, succeeded: 1, unchanged: 1, missing: 1, failed: 0 } })
  })

  await t.test('a filter that matches nothing is done at once', async (t) => {
    const { status, json } = await world.post('/items/bulk-update', { selection: { filter: { name: 'nobody' } }, set: { status: 'done' } })
    t.match({ status, json }, { status: 200, json: { status: 'succeeded', counts: { total: 0, processed: 0 } } })
  })

  await t.test('more records become a background job, which ends', async (t) => {
    const answer = await world.post('/items/bulk-update', { selection: { filter: { priority: { gte: 3 } } }, set: { priority: null } })
    t.match(answer, { status: 202, headers: { location: `/powercrud/async/jobs/${answer.json.id}`, 'retry-after': /^\d+$/ } })
    t.match(answer.json, { status: 'queued', counts: { total: 80, processed: 0 } })
    t.match((await ended(world, answer.json.id)).json, { status: 'succeeded', counts: { total: 80, succeeded: 80 } })
    t.equal(await count(world, 'item WHERE priority IS NULL'), 80)
  })

  await t.test('every kind of key goes through', async (t) => {
    const accounts = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']
    t.match((await world.post('/accounts/bulk-update', { selection: { ids: accounts }, set: { active: false } })).json, { status: 'succeeded', counts: { succeeded: 2 } })
    t.match((await world.post('/countries/bulk-update', { selection: { ids: ['AA', 'ZZ'] }, set: { name: 'Utopia' } })).json, { status: 'succeeded', counts: { succeeded: 2 } })
    t.match((await world.post('/seats/bulk-update', { selection: { ids: [{ row: 'A', number: 1 }, { number: 6, row: 'E' }] }, set: { taken: true } })).json, { status: 'succeeded', counts: { succeeded: 2 } })
    t.match((await world.post('/ledgers/bulk-update', { selection: { ids: ['9007199254740993'] }, set: { note: 'paid' } })).json, { status: 'succeeded', counts: { succeeded: 1 } })
    t.equal(await count(world, "ledger WHERE note = 'paid' AND id = 9007199254740993"), 1)
    t.equal(await count(world, 'account WHERE NOT active'), 2)
    t.equal(await count(world, 'seat WHERE taken'), 2)

    for (const [resource, set, total] of [['accounts', { active: false }, 30], ['countries', { name: 'Everywhere' }, 26], ['seats', { taken: true }, 30], ['ledgers', { note: 'all' }, 30]] as const) {
      const { json } = await world.post(`/${resource}/bulk-update`, { selection: { all: true, expectedCount: total }, set }, { headers: { prefer: 'wait=30' } })
      t.match(json, { status: 'succeeded', counts: { total, failed: 0 } }, resource)
    }
  })

  await t.test('a delete in the request, and by filter in the background', async (t) => {
    t.match(await world.post('/items/bulk-delete', { selection: { ids: [200, 199] } }), { status: 200, json: { status: 'succeeded', operation: 'delete', counts: { succeeded: 2 } } })
    const expectedCount = await count(world, 'item WHERE priority = 2')
    const answer = await world.post('/items/bulk-delete', { selection: { filter: { priority: 2 }, expectedCount } }, { headers: { prefer: 'wait=30' } })
    t.match(answer, { status: 200, headers: { 'preference-applied': 'wait=30' }, json: { status: 'succeeded', counts: { total: expectedCount, succeeded: expectedCount } } })
    t.equal(await count(world, 'item WHERE priority = 2'), 0)
  })

  await t.test('a resource that is not for deleting has no route for it', async (t) => {
    t.equal((await world.post('/ledgers/bulk-delete', { selection: { ids: ['9007199254740991'] } })).status, 404)
  })

  await t.test('scope: records that the caller may not see are missing, or not in the selection', async (t) => {
    const headers = { 'x-priority': '1' }
    const { json } = await world.post('/items/bulk-update', { selection: { ids: [1, 5] }, set: { notes: 'scoped' } }, { headers })
    t.match(json, { status: 'succeeded', counts: { total: 2, succeeded: 1, missing: 1 } })
    const all = await world.post('/items/bulk-update', { selection: { all: true }, set: { notes: 'all' } }, { headers: { ...headers, prefer: 'wait=30' } })
    t.equal(all.json.counts.total, await count(world, 'item WHERE priority = 1'))
    t.equal(await count(world, "item WHERE notes = 'all' AND priority IS DISTINCT FROM 1"), 0)
  })

  await t.test('Prefer: respond-async', async (t) => {
    const answer = await world.post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: 'later' } }, { headers: { prefer: 'respond-async' } })
    t.match(answer, { status: 202, headers: { 'preference-applied': 'respond-async' }, json: { status: 'queued' } })
    t.match((await ended(world, answer.json.id)).json, { status: 'succeeded', counts: { succeeded: 1 } })

    const both = await world.post('/items/bulk-update', { selection: { ids: [1] }, set: { notes: 'soon' } }, { headers: { prefer: 'handling=lenient, respond-async, wait=100' } })
    t.match(both, { status: 200, headers: { 'preference-applied': 'respond-async, wait=30' }, json: { status: 'succeeded', attempts: 1 } })
  })

  await t.test('Idempotency-Key: the same request twice makes one job', async (t) => {
    const body = { selection: { ids: [1, 3] }, set: { notes: 'once', priority: 4 } }
    const first = await world.post('/items/bulk-update', body, { headers: { 'idempotency-key': '"a \\"key\\""' } })
    const before = await world.state()
    const again = await world.post('/items/bulk-update', { set: { priority: 4, notes: 'once' }, selection: { ids: [1, 3] } }, { headers: { 'idempotency-key': '"a \\"key\\""' } })
    t.match(again, { status: 200, json: { id: first.json.id, counts: first.json.counts } })
    t.same(await world.state(), before)

    const bare = await world.post('/items/bulk-update', body, { headers: { 'idempotency-key': 'bare' } })
    const quoted = await world.post('/items/bulk-update', body, { headers: { 'idempotency-key': '"bare"' } })
    t.equal(quoted.json.id, bare.json.id, 'quoted and bare are the same key')
    const grace = await world.post('/items/bulk-update', body, { headers: { 'idempotency-key': 'bare' }, as: 'grace' })
    t.not(grace.json.id, bare.json.id, 'another user\'s key is another key')
    const elsewhere = await world.post('/items/bulk-delete', { selection: { ids: [9_998] } }, { headers: { 'idempotency-key': 'bare' } })
    t.equal(elsewhere.json.code, 'all_records_missing', 'so is one on another route')

    const background = { selection: { filter: { status: 'new' } }, set: { status: 'held' } }
    const accepted = await world.post('/items/bulk-update', background, { headers: { 'idempotency-key': 'background' } })
    t.equal(accepted.status, 202)
    await ended(world, accepted.json.id)
    t.match(await world.post('/items/bulk-update', background, { headers: { 'idempotency-key': 'background' } }), { status: 200, json: { id: accepted.json.id, status: 'succeeded' } })
  })

  await t.test('a failure in the request, where nothing was committed, is an error with the row\'s code and the job', async (t) => {
    const before = (await world.state()).records
    const refused = await world.post('/items/bulk-update', { selection: { ids: [1, 3] }, set: { priority: 1_000 } })
    t.match(refused, { status: 422, json: { code: 'check_violation' }, headers: { location: `/powercrud/async/jobs/${refused.json.jobId}` } })
    const unique = await world.post('/accounts/bulk-update', { selection: { ids: ['00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-000000000004'] }, set: { name: 'twice' } })
    t.match(unique, { status: 422, json: { code: 'unique_violation' } })
    const missing = await world.post('/items/bulk-delete', { selection: { ids: [9_001, 9_002] } })
    t.match(missing, { status: 422, json: { code: 'all_records_missing' } })
    t.equal((await world.state()).records, before, 'no record has changed')
    for (const { json } of [refused, unique, missing]) {
      const progress = await world.get(progressOf(json.jobId))
      t.match(progress, { status: 286, json: { status: 'failed', counts: { succeeded: 0 } } })
      t.notMatch(progress.text, /constraint|SELECT|UPDATE/, 'the database is not quoted')
    }
  })

  await t.test('a failure in the request, where something was committed, is a job', async (t) => {
    const answer = await world.post('/accounts/bulk-update', {
      selection: { ids: ['00000000-0000-4000-8000-000000000005', '00000000-0000-4000-8000-000000000006'] }, set: { name: 'again' }, onError: 'continue'
    })
    t.match(answer, { status: 200, json: { status: 'completed_with_errors', counts: { succeeded: 1, failed: 1 } } })
  })

  await t.test('versions: a record that has changed since it was read', async (t) => {
    const { version } = (await world.sql.query('SELECT version FROM item WHERE id = 6')).rows[0]
    const body = (given: number) => ({ selection: { ids: [6], versions: [given] }, set: { notes: `after ${version}` } })
    const before = (await world.state()).records
    t.match(await world.post('/items/bulk-update', body(version + 1)), { status: 412, json: { code: 'stale_version' } })
    t.equal((await world.state()).records, before, 'no record has changed')
    t.match(await world.post('/items/bulk-update', body(version)), { status: 200, json: { counts: { succeeded: 1 } } })
  })
}
