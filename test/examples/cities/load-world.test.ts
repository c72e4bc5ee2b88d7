import t from 'tap'
import { createDatabase } from '../../helpers/database.ts'
import { startScript } from '../../helpers/processes.ts'
import { until } from '../../helpers/until.ts'
import { createWorldDatabase } from './world-database.ts'

const script = new URL('load-script.ts', import.meta.url)

t.test('a load that is killed leaves nothing, and the next one does it all', async (t) => {
  const database = await createDatabase(t)
  const watcher = await database.connect()

  const first = startScript(t, script, { args: [database.url] })
  await until(async () => (await watcher.query(
    "select from pg_stat_activity where datname = current_database() and query like '%insert into city %'")).rowCount)
  first.kill('SIGKILL')
  await first.exited
  await until(async () => (await watcher.query(
    "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'")).rowCount === 0)
  t.same((await watcher.query("select to_regclass('city') as city")).rows, [{ city: null }])

  const racing = [startScript(t, script, { args: [database.url] }), startScript(t, script, { args: [database.url] })]
  const lines = await Promise.all(racing.map((one) => one.waitForLine(/^(loaded|nothing to load)$/, { deadlineMs: 240_000 })))
  t.same(lines.map(([line]) => line).sort(), ['loaded', 'nothing to load'], 'one of two that start at once')

  const { rows: [counts] } = await watcher.query(`
    select (select count(*)::int from city) as cities, (select count(*)::int from country) as countries, (select count(*)::int from tag) as tags,
      (select count(*)::int from city where feature_code = 'PPLC') as capitals, (select count(*)::int from city_tags) as tagged`)
  t.match(counts, { cities: 135_233, countries: 250, tags: 3, capitals: 241 })
  t.ok(counts.tagged > 1000)
})

t.test('cities that people have deleted are not brought back', async (t) => {
  const database = await createWorldDatabase(t)
  const client = await database.connect()
  await client.query('delete from city')
  t.match(await startScript(t, script, { args: [database.url] }).waitForLine(/^(loaded|nothing to load)$/), ['nothing to load'])
})
