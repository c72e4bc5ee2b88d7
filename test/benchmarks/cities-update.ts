// npm run bench: all 135 233 cities by filter over HTTP, request to terminal, against one raw UPDATE of the same columns
// and rows. Both write `priority`, `version` and `updated_at`; they take turns in one run, and the ratio is what counts.
// Once as a resource that keeps nothing, and once with what an undo needs.

import { fail } from 'node:assert/strict'
import Fastify from 'fastify'
import { openOrm } from '../../examples/cities/database/orm.ts'
import { loadWorld } from '../../examples/cities/load/load-world.ts'
import { powercrudOptions } from '../../examples/cities/powercrud.config.ts'
import powercrudAsync from '../../plugins/index.ts'
import { createDatabase } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { median, timed, withServers } from './servers.ts'

const rounds = 5

await withServers(async (t) => {
  const database = await createDatabase(t)
  const orm = await openOrm(database.url)
  t.teardown(() => orm.close(true))
  await loadWorld(database.url, orm)
  const app = Fastify()
  t.teardown(() => app.close())
  const options = powercrudOptions({ orm, worker: 'in-process' })
  const cities = options.resources!.cities!
  await app.register(powercrudAsync, {
    ...options, resources: { cities: { ...cities, undo: false }, undoable: { ...cities, path: '/undoable', undo: true } }
  })
  await app.ready()
  const client = await database.connect()

  async function update (path: string, priority: number, onError: string): Promise<void> {
    const payload = { selection: { filter: { population: { gte: 0 } } }, set: { priority }, onError }
    const { links: { progress } } = (await app.inject({ method: 'POST', url: `${path}/bulk-update`, payload })).json()
    const response = await until(async () => {
      const answer = await app.inject(progress)
      return answer.statusCode === 286 && answer
    }, { what: 'the end of the job', deadlineMs: 60_000 })
    const { status, counts } = response.json()
    if (status !== 'succeeded' || counts.succeeded !== 135_233) fail(`the job ended ${status}: ${JSON.stringify(counts)}`)
  }

  for (const [path, onError] of [['/cities', 'rollback'], ['/cities', 'stop'], ['/undoable', 'rollback'], ['/undoable', 'stop']] as const) {
    const jobs: number[] = []
    const raws: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      await client.query('VACUUM ANALYZE city')
      jobs.push(await timed(() => update(path, round * 2, onError)))
      await client.query('VACUUM ANALYZE city')
      raws.push(await timed(() => client.query('UPDATE city SET priority = $1, version = version + 1, updated_at = now() WHERE id = ANY(SELECT id FROM city)', [round * 2 + 1])))
    }
    const ratios = jobs.map((job, round) => job / raws[round]!)
    console.log(`135 233 rows by filter, ${onError}${path === '/undoable' ? ', with undo' : ''}: job ${median(jobs).toFixed(0)} ms, raw UPDATE ${median(raws).toFixed(0)} ms, ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`)
  }
})
