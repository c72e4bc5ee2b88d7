// npm run bench: all 135 233 cities by filter over HTTP, request to terminal, against one raw UPDATE of the same columns
// and rows. Both write `priority`, `version` and `updated_at`; they take turns in one run, and the ratio is what counts.

import { fail } from 'node:assert/strict'
import { buildApp } from '../../examples/cities/app.ts'
import { openOrm } from '../../examples/cities/database/orm.ts'
import { loadWorld } from '../../examples/cities/load/load-world.ts'
import { createDatabase } from '../helpers/database.ts'
import { until } from '../helpers/until.ts'
import { median, timed, withServers } from './servers.ts'

const rounds = 5

await withServers(async (t) => {
  const database = await createDatabase(t)
  const orm = await openOrm(database.url)
  t.teardown(() => orm.close(true))
  await loadWorld(database.url, orm)
  const app = await buildApp({ orm })
  t.teardown(() => app.close())
  await app.ready()
  const client = await database.connect()

  async function update (priority: number, onError: string): Promise<void> {
    const payload = { selection: { filter: { population: { gte: 0 } } }, set: { priority }, onError }
    const { links: { progress } } = (await app.inject({ method: 'POST', url: '/cities/bulk-update', payload })).json()
    const response = await until(async () => {
      const answer = await app.inject(progress)
      return answer.statusCode === 286 && answer
    }, { what: 'the end of the job', deadlineMs: 60_000 })
    const { status, counts } = response.json()
    if (status !== 'succeeded' || counts.succeeded !== 135_233) fail(`the job ended ${status}: ${JSON.stringify(counts)}`)
  }

  for (const onError of ['rollback', 'stop']) {
    const jobs: number[] = []
    const raws: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      await client.query('VACUUM ANALYZE city')
      jobs.push(await timed(() => update(round * 2, onError)))
      await client.query('VACUUM ANALYZE city')
      raws.push(await timed(() => client.query('UPDATE city SET priority = $1, version = version + 1, updated_at = now() WHERE id = ANY(SELECT id FROM city)', [round * 2 + 1])))
    }
    const ratios = jobs.map((job, round) => job / raws[round]!)
    console.log(`135 233 rows by filter, ${onError}: job ${median(jobs).toFixed(0)} ms, raw UPDATE ${median(raws).toFixed(0)} ms, ratio ${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`)
  }
})
