import type { Test } from 'tap'
import type { Job } from '../../schemas/job.ts'
import { until } from '../helpers/until.ts'
import type { CallOptions } from './call.ts'
import type { World } from './world.ts'

const set = { status: 'done' }
/** The most jobs of one user that may be queued or waiting. */
export const queuedAtMost = 12
const unknownId = '0199aa00-7c1e-7000-8000-000000000001'

interface Case extends CallOptions {
  /** Why it is refused. */
  why: string
  url?: string
  body?: unknown
  status: number
  code: string
  /** Paths of the validation errors. */
  paths?: string[]
  detail?: RegExp
}

const update = (selection: unknown, more: object = {}) => ({ selection, set, ...more })
const ids = [1, 2, 3]

const invalid: Case[] = [
  { why: 'no JSON', body: '{"selection":', headers: { 'content-type': 'application/json' }, status: 400, code: 'validation_failed' },
  { why: 'an empty body', body: '', headers: { 'content-type': 'application/json' }, status: 400, code: 'validation_failed' },
  { why: 'a body that is no object', body: [], status: 400, code: 'validation_failed' },
  { why: 'a poisoned prototype', body: '{"__proto__":{"x":1}}', headers: { 'content-type': 'application/json' }, status: 400, code: 'validation_failed' },
  { why: 'an unknown member', body: update({ ids }, { onErrror: 'stop' }), status: 400, code: 'validation_failed', paths: ['/onErrror'], detail: /onError/ },
  { why: 'a dry run of a dry run', body: update({ previewId: unknownId }, { dryRun: true }), status: 400, code: 'validation_failed', paths: ['/dryRun'] },
  { why: 'a field that may not be written', body: { selection: { ids }, set: { version: 3 } }, status: 400, code: 'validation_failed', paths: ['/set/version'] },
  { why: 'nothing to write', body: { selection: { ids }, set: {} }, status: 400, code: 'validation_failed', paths: ['/set'] },
  { why: 'no set', body: { selection: { ids } }, status: 400, code: 'validation_failed', paths: ['/set'] },
  { why: 'no selection', body: { set }, status: 400, code: 'validation_failed', paths: ['/selection'] },
  { why: 'a value that is none of the enum', body: { selection: { ids }, set: { status: 'gone' } }, status: 400, code: 'validation_failed', paths: ['/set/status'], detail: /new, done, held/ },
  { why: 'text for a number', body: { selection: { ids }, set: { priority: '7' } }, status: 400, code: 'validation_failed', paths: ['/set/priority'] },
  { why: 'text that is too long', body: { selection: { ids }, set: { name: 'x'.repeat(41) } }, status: 400, code: 'validation_failed', paths: ['/set/name'] },
  { why: 'text with NUL', body: { selection: { ids }, set: { notes: 'a\0b' } }, status: 400, code: 'validation_failed', paths: ['/set/notes'] },
  { why: 'text with half a surrogate pair', body: { selection: { ids }, set: { notes: 'a\ud800' } }, status: 400, code: 'validation_failed', paths: ['/set/notes'], detail: /surrogate/ },
  { why: 'the other half in a name', body: { selection: { ids }, set: { 'a/\udc00': 1 } }, status: 400, code: 'validation_failed', paths: ['/set'], detail: /surrogate/ },
  { why: 'half a pair in a key', url: '/countries/bulk-update', body: { selection: { ids: ['NL', '\ud83d'] }, set: { name: 'x' } }, status: 400, code: 'validation_failed', paths: ['/selection/ids/1'] },
  { why: 'an offset that there is not', body: { selection: { ids }, set: { dueAt: '2026-11-24T00:00:00+16:00' } }, status: 400, code: 'validation_failed', paths: ['/set/dueAt'] },
  { why: 'an empty list of ids', body: update({ ids: [] }), status: 400, code: 'validation_failed', paths: ['/selection/ids'] },
  { why: 'ids of another type', body: update({ ids: ['one'] }), status: 400, code: 'validation_failed', paths: ['/selection/ids/0'] },
  { why: 'a misspelt filter field, which must never mean everything', body: update({ filter: { statuss: 'new' } }), status: 400, code: 'validation_failed', paths: ['/selection/filter/statuss'], detail: /did you mean status/ },
  { why: 'an empty filter', body: update({ filter: {} }), status: 400, code: 'validation_failed', paths: ['/selection/filter'] },
  { why: 'a misspelt operator', body: update({ filter: { priority: { gtt: 1 } } }), status: 400, code: 'validation_failed', paths: ['/selection/filter/priority/gtt'] },
  { why: 'all: false', body: update({ all: false }), status: 400, code: 'validation_failed', paths: ['/selection/all'] },
  { why: 'two selections', body: update({ ids, all: true }), status: 400, code: 'validation_failed', paths: ['/selection'] },
  { why: 'versions that are not one for each id', body: update({ ids, versions: [1] }), status: 400, code: 'validation_failed', paths: ['/selection/versions'] },
  { why: 'a reason with NUL', body: update({ ids }, { reason: '\0' }), status: 400, code: 'validation_failed', paths: ['/reason'] },
  { why: 'a delete by filter without the count', url: '/items/bulk-delete', body: { selection: { filter: { priority: 1 } } }, status: 400, code: 'validation_failed', paths: ['/selection/expectedCount'] },
  { why: 'a delete of all without the count', url: '/items/bulk-delete', body: { selection: { all: true } }, status: 400, code: 'validation_failed', paths: ['/selection/expectedCount'] },
  { why: 'a set on a delete', url: '/items/bulk-delete', body: update({ ids }), status: 400, code: 'validation_failed', paths: ['/set'] },
  { why: 'bigint keys as numbers', url: '/ledgers/bulk-update', body: { selection: { ids: [9007199254740991] }, set: { note: 'x' } }, status: 400, code: 'validation_failed', paths: ['/selection/ids/0'] },
  { why: 'half a composite key', url: '/seats/bulk-update', body: { selection: { ids: [{ row: 'A' }] }, set: { taken: true } }, status: 400, code: 'validation_failed', paths: ['/selection/ids/0/number'] },
  { why: 'an idempotency key of nothing', body: update({ ids }), headers: { 'idempotency-key': '""' }, status: 400, code: 'validation_failed', paths: ['/idempotency-key'] },
  { why: 'an idempotency key that is not closed', body: update({ ids }), headers: { 'idempotency-key': '"abc' }, status: 400, code: 'validation_failed', paths: ['/idempotency-key'] },
  { why: 'an idempotency key that is too long', body: update({ ids }), headers: { 'idempotency-key': 'k'.repeat(256) }, status: 400, code: 'validation_failed', paths: ['/idempotency-key'] }
]

const notAllowed: Case[] = [
  { why: 'refused, and no user signed in', body: update({ ids }), as: null, headers: { 'x-refuse': 'update' }, status: 401, code: 'unauthenticated' },
  { why: 'refused', body: update({ ids }), headers: { 'x-refuse': 'update' }, status: 403, code: 'forbidden' },
  { why: 'refused, before a wrong body is judged', body: { nonsense: true }, headers: { 'x-refuse': 'update' }, status: 403, code: 'forbidden' },
  { why: 'refused, before a wrong content type is judged', body: 'x', headers: { 'x-refuse': 'update', 'content-type': 'text/plain' }, status: 403, code: 'forbidden' },
  { why: 'a delete is another action', url: '/items/bulk-delete', body: { selection: { ids } }, headers: { 'x-refuse': 'delete' }, status: 403, code: 'forbidden' },
  { why: 'background jobs belong to a user', body: update({ all: true }), as: null, status: 401, code: 'unauthenticated' }
]

const others: Case[] = [
  { why: 'a preview that there is not', body: update({ previewId: unknownId }), status: 404, code: 'preview_not_found' },
  { why: 'an unsupported media type of the answer', body: update({ ids }), headers: { accept: 'text/html' }, status: 406, code: 'not_acceptable' },
  { why: 'a body that is text', body: 'selection=1', headers: { 'content-type': 'text/plain' }, status: 415, code: 'unsupported_media_type' },
  { why: 'a body that is a form', body: 'selection=1', headers: { 'content-type': 'application/x-www-form-urlencoded' }, status: 415, code: 'unsupported_media_type' },
  { why: 'a body of no type', body: Buffer.from('{}'), headers: { 'content-type': 'what ever' }, status: 415, code: 'unsupported_media_type' },
  { why: 'another count', body: update({ filter: { priority: 1 }, expectedCount: 39 }), status: 412, code: 'count_mismatch' },
  { why: 'another count of a delete', url: '/items/bulk-delete', body: { selection: { all: true, exclude: [1], expectedCount: 200 } }, status: 412, code: 'count_mismatch' },
  { why: 'too many ids', body: update({ ids: Array.from({ length: 1_001 }, (_, index) => index) }), status: 413, code: 'too_many_records' },
  { why: 'a body that is too large', body: update({ ids }, { reason: 'x'.repeat(1_200_000) }), status: 413, code: 'body_too_large' },
  { why: 'an owner that there is not', body: { selection: { ids }, set: { owner: 999 } }, status: 422, code: 'reference_not_found' },
  { why: 'an owner that there is not, in the background', body: { selection: { all: true }, set: { owner: 999 } }, status: 422, code: 'reference_not_found' },
  { why: 'a label that there is not, in the background', body: { selection: { all: true }, set: { labels: { add: [999] } } }, status: 422, code: 'reference_not_found' }
]

/** The rows of the table of statuses that refuse: each answers with its code, and changes nothing. */
export async function contractOfRefusals (t: Test, world: World): Promise<void> {
  for (const [name, cases] of Object.entries({ invalid, notAllowed, others })) {
    await t.test(`refusals: ${name}`, async (t) => {
      const before = await world.state()
      for (const { why, url = '/items/bulk-update', body, status, code, paths, detail, ...options } of cases) {
        const answer = await world.post(url, body, options)
        t.match({ status: answer.status, code: answer.json?.code }, { status, code }, `${why}: ${answer.text}`)
        if (paths !== undefined) t.same(answer.json?.errors?.map(({ path }: { path: string }) => path), paths, `${why}: ${answer.text}`)
        if (detail !== undefined) t.match(answer.json?.detail, detail, why)
      }
      t.same(await world.state(), before, 'nothing has changed')
    })
  }

  await t.test('a count that differs is reported', async (t) => {
    const { json } = await world.post('/items/bulk-delete', { selection: { filter: { priority: 1 }, expectedCount: 39 } })
    t.match(json, { code: 'count_mismatch', count: 40 })
  })

  await t.test('records that another job has locked', async (t) => {
    const holder = await world.post('/items/bulk-update', update({ ids: [10, 11] }), { headers: { prefer: 'respond-async' }, as: 'grace' })
    t.equal(holder.status, 202)
    const before = await world.state()
    const refused = await world.post('/items/bulk-delete', { selection: { ids: [9, 10, 11] } })
    t.match(refused, { status: 409, json: { code: 'records_locked', conflictCount: 2, conflicts: [{ id: 10, jobId: holder.json.id, operation: 'update' }, { id: 11 }] } })
    t.same(await world.state(), before, 'nothing has changed')
  })

  await t.test('too many queued jobs of one user', async (t) => {
    const launch = (id: number, headers = {}) => world.post('/items/bulk-update', update({ ids: [100 + id] }), { as: 'hoarder', headers: { prefer: 'respond-async', ...headers } })
    const accepted = await Promise.all(Array.from({ length: queuedAtMost }, (_, id) => launch(id, { 'idempotency-key': `hoard-${id}` })))
    t.same(new Set(accepted.map(({ status }) => status)), new Set([202]))
    const before = await world.state()
    const refused = await launch(queuedAtMost)
    t.match(refused, { status: 429, headers: { 'retry-after': '5' }, json: { code: 'too_many_jobs', detail: new RegExp(`${queuedAtMost} jobs`) } })
    t.same(await world.state(), before, 'nothing has changed')
    t.equal((await launch(0, { 'idempotency-key': 'hoard-0' })).status, 202, 'a known key makes no job')
    t.equal((await launch(queuedAtMost, { prefer: 'wait=1' })).status, 200, 'few records are still changed in the request')

    const cancel = ({ json }: { json: Job }) => world.post(json.links.cancel!, undefined, { as: 'hoarder' })
    await Promise.all(accepted.map(cancel))
    const again = await launch(queuedAtMost)
    t.equal(again.status, 202)
    await cancel(again)
  })

  await t.test('a key that is being handled right now', async (t) => {
    const before = await world.state()
    const blocker = await world.database.connect()
    // The first request stands still before it can freeze its records.
    await blocker.query('BEGIN; LOCK TABLE powercrud.chunk_int4 IN SHARE MODE')
    const headers = { 'idempotency-key': 'in-flight' }
    const first = world.post('/items/bulk-update', update({ ids: [20] }), { headers })
    await until(async () => (await world.sql.query(`
      SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'powercrud.chunk_int4'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)).rowCount)
    const second = await world.post('/items/bulk-update', update({ ids: [20] }), { headers })
    t.match(second, { status: 409, json: { code: 'idempotency_in_flight' } })
    await blocker.query('ROLLBACK')
    t.equal((await first).status, 200)
    t.match(await world.state(), { jobs: before.jobs + 1, keys: before.keys + 1 }, 'the second made no job')
  })

  await t.test('a key that was used for something else', async (t) => {
    const headers = { 'idempotency-key': '"reused"' }
    t.equal((await world.post('/items/bulk-update', update({ ids: [21] }), { headers })).status, 200)
    const before = await world.state()
    const refused = await world.post('/items/bulk-update', update({ ids: [22] }), { headers })
    t.match(refused, { status: 422, json: { code: 'idempotency_key_reused' } })
    t.same(await world.state(), before, 'nothing has changed')
  })

  await t.test('lists of jobs that cannot exist', async (t) => {
    for (const name of ['resource', 'operation', 'createdBy']) {
      t.match(await world.get(`/powercrud/async/jobs?${name}=%00`), { status: 400, json: { code: 'validation_failed', errors: [{ path: `/${name}` }] } })
    }
  })

  await t.test('jobs that are unknown, or called by something that is no id', async (t) => {
    for (const id of [unknownId, 'nonsense', '1', '%00', 'x'.repeat(90), `${unknownId}x`]) {
      for (const path of ['progress', 'jobs']) {
        const answer = await world.get(`/powercrud/async/${path}/${id}`)
        t.match(answer, { status: 404, json: { code: 'job_not_found' } }, `${path}/${id}`)
      }
    }
  })
}
