import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'
import t from 'tap'
import { startScript } from '../../helpers/processes.ts'
import { until } from '../../helpers/until.ts'
import { closedCheckout } from './checkout.ts'

const listening = /Server listening at (http:[^"]+)/

t.test('example and tests start their PostgreSQL in a folder that only its owner may enter', async (t) => {
  const { folder, temporary } = closedCheckout(t)
  const env = { HOST: '', DATABASE_URL: '', REDIS_URL: '', POWERCRUD_WORKER: '', DATA_DIR: '', PORT: '0', TMPDIR: temporary, TEST_RUN_DIRECTORY: temporary }
  const start = (name: string) => startScript(t, join(folder, 'examples/cities', `${name}.ts`), { cwd: folder, env })
  const total = async (address: string) => (await (await fetch(`${address}/cities?limit=1`)).json() as { total: number }).total

  const script = join(temporary, 'start.ts')
  writeFileSync(script, `
    import { startPostgres } from '${pathToFileURL(join(folder, 'test/setup/postgres.ts'))}'
    const server = await startPostgres()
    console.log(server.url)
    const alive = setInterval(() => {}, 2 ** 30)
    process.on('SIGTERM', async () => {
      await server.remove()
      clearInterval(alive)
    })`)

  // At once: one of them copies the programs, or both do and one is faster.
  const first = start('server')
  const testServer = startScript(t, script, { env })
  const [[, address], [url]] = await Promise.all([first.waitForLine(listening), testServer.waitForLine(/^postgres:.*/)])

  const client = new pg.Client({ connectionString: url })
  await client.connect()
  t.same((await client.query('SELECT 1 AS one')).rows, [{ one: 1 }])
  await client.end()
  testServer.kill('SIGTERM')
  t.same(await testServer.exited, { code: 0, signal: null })

  t.match(first.output(), `files in ${join(folder, '.data/postgres')}, programs in /`)
  t.equal(await total(address!), 135_233)
  t.same(await start('cleanup').exited, { code: 0, signal: null }, 'another process finds the database')

  // The machine fails: neither the server nor its PostgreSQL has had time for anything.
  const postmaster = Number.parseInt(readFileSync(join(folder, '.data/postgres/postmaster.pid'), 'utf8'))
  first.kill('SIGKILL')
  process.kill(postmaster, 'SIGKILL')
  await first.exited
  const second = start('server')
  t.equal(await total((await second.waitForLine(listening))[1]!), 135_233)
  second.kill('SIGTERM')
  t.same(await second.exited, { code: 0, signal: null })
  await until(() => readFileSync(join(folder, '.data/postgres.log'), 'utf8').includes('database system is shut down'), { what: 'PostgreSQL to end' })
})
