import type { Test } from 'tap'
import type { World } from './world.ts'

const progressOf = (id: string) => `/powercrud/async/progress/${id}`

/** The progress route: 200 while a job lives, 286 once it has ended, for programs and for people. */
export async function contractOfProgress (t: Test, { busy, quiet }: { busy: World, quiet: World }): Promise<void> {
  const set = { name: 'progress' }
  const ended = (await busy.post('/items/bulk-update', { selection: { ids: [1, 3] }, set })).json
  const failed = (await busy.post('/items/bulk-update', { selection: { ids: [1] }, set: { priority: 1_000 } })).json
  const living = (await quiet.post('/items/bulk-update', { selection: { ids: [100, 101] }, set }, { headers: { prefer: 'respond-async' } })).json

  await t.test('progress for programs', async (t) => {
    const alive = await quiet.get(progressOf(living.id))
    t.match(alive, { status: 200, headers: { 'cache-control': 'no-store', 'content-type': /^application\/json/ }, json: { id: living.id, status: 'queued', finishedAt: null } })
    t.same(alive.json, living, 'the same shape as the launch\'s answer')
    t.match(await busy.get(progressOf(ended.id)), { status: 286, headers: { 'cache-control': 'no-store' }, json: { status: 'succeeded', links: { cancel: null } } })
    t.match(await busy.get(progressOf(failed.jobId)), { status: 286, json: { status: 'failed', error: { code: 'rolled_back' } } })
    t.match(await busy.get(progressOf(ended.id.toUpperCase())), { status: 286, json: { id: ended.id } })
  })

  await t.test('progress for people', async (t) => {
    for (const headers of [{ 'hx-request': 'true' }, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }, { accept: '*/*', 'hx-request': 'true' }] as Record<string, string>[]) {
      const alive = await quiet.get(progressOf(living.id), { headers })
      t.match(alive, { status: 200, headers: { 'content-type': /^text\/html/, 'cache-control': 'no-store', vary: /accept/i } })
      t.match(alive.text, `hx-get="${progressOf(living.id)}"`)
      t.match(alive.text, /hx-trigger="every 1s"/)
      t.match(alive.text, /role="progressbar"[^>]+aria-valuenow="0"/)
      const over = await busy.get(progressOf(failed.jobId), { headers })
      t.equal(over.status, 286)
      t.notMatch(over.text, /hx-/, 'nothing asks again')
      t.match(over.text, /Failed/)
    }
  })

  await t.test('what to answer in', async (t) => {
    t.match(await busy.get(progressOf(ended.id), { headers: { accept: 'application/json', 'hx-request': 'true' } }), { headers: { 'content-type': /json/ } })
    t.match(await busy.get(progressOf(ended.id), { headers: { accept: 'image/png' } }), { status: 406, json: { code: 'not_acceptable' } })
    t.match(await busy.get(progressOf(ended.id), { headers: { accept: 'application/xml, */*;q=0.1' } }), { status: 286, headers: { 'content-type': /json/ } })
  })

  await t.test('jobs of others are unknown, and viewing may be refused', async (t) => {
    for (const path of [progressOf(living.id), `/powercrud/async/jobs/${living.id}`]) {
      t.match(await quiet.get(path, { as: 'grace' }), { status: 404, json: { code: 'job_not_found' } })
      t.match(await quiet.get(path, { as: null }), { status: 404, json: { code: 'job_not_found' } })
      t.match(await quiet.get(path, { headers: { 'x-refuse': 'view' } }), { status: 403, json: { code: 'forbidden' } })
      t.match(await quiet.get(path, { headers: { 'x-refuse': 'view' }, as: null }), { status: 401, json: { code: 'unauthenticated' } })
    }
  })
}
