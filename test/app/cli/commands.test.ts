import { fileURLToPath } from 'node:url'
import t from 'tap'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { createDatabase } from '../../helpers/database.ts'
import { bulkLaunch, openEngine } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'
import { startScript, type ChildScript } from '../../helpers/processes.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'
import { createOrm, seedItems } from '../../fixtures/orm.ts'
import { Item } from '../../fixtures/entities.ts'
import packageJson from '../../../package.json' with { type: 'json' }

const program = new URL('../../../src/app/cli/index.ts', import.meta.url)
const configFile = (name: string) => fileURLToPath(new URL(`configs/${name}.ts`, import.meta.url))

function start (t: TestScope, args: string[], env: Record<string, string> = {}): ChildScript {
  return startScript(t, program, { args, env })
}

async function end (t: TestScope, args: string[], env?: Record<string, string>): Promise<{ code: number | null, output: string }> {
  const child = start(t, args, env)
  const { code } = await child.exited
  return { code, output: child.output() }
}

t.test('help, version and invalid arguments need no config', async (t) => {
  t.match(await end(t, ['--help']), { code: 0, output: /^powercrud-async <command>[^]+worker[^]+migrate[^]+cleanup[^]+--config/ })
  t.same(await end(t, ['--version']), { code: 0, output: `${packageJson.version}\n` })
  t.match(await end(t, ['migrat']), { code: 2, output: /did you mean migrate\?[^]+--help/ })
})

t.test('an invalid config is reported', async (t) => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
  const failures: [string, RegExp][] = [
    ['absent', /there is no file .*absent\.ts/],
    ['nothing', /nothing\.ts has no default export; end it with export default defineConfig/],
    ['throws', /throws\.ts could not be loaded: the config thought better of it/],
    ['misspelt', /conflictTlt.*did you mean conflictTtl\?/],
    ['server-only', /redis: true asks for a client of @fastify\/redis.*give an ioredis client/]
  ]
  for (const [name, output] of failures) {
    t.match(await end(t, ['cleanup', '--config', configFile(name)], env), { code: 1, output }, name)
  }
  const folder = fileURLToPath(new URL('.', import.meta.url))
  const child = startScript(t, program, { args: ['cleanup'], cwd: folder })
  t.match({ ...await child.exited, output: child.output() }, { code: 1, output: /no powercrud\.config\.ts, powercrud\.config\.js.*--config/ })
  t.match(await end(t, ['migrate', '--config', configFile('items')], env), { code: 1, output: /ECONNREFUSED/ }, 'a database that is not there')
})

t.test('migrate, and then cleanup', async (t) => {
  const database = await createDatabase(t)
  await createOrm(t, database)
  const env = { DATABASE_URL: database.url }
  const config = ['--config', configFile('items')]
  t.match(await end(t, ['cleanup', ...config], env), { code: 1, output: /has not seen these migrations: .*0001-jobs.*bullmq.*powercrud-async migrate --config <file>/ })
  t.match(await end(t, ['migrate', ...config], env), { code: 0, output: /applied 0001-jobs\n[^]*applied bullmq\n/ })
  t.same(await end(t, ['migrate', ...config], env), { code: 0, output: 'the tables are up to date\n' })

  const { code, output } = await end(t, ['cleanup', '--json', ...config], env)
  t.equal(code, 0, output)
  t.match(JSON.parse(output), { requeued: 0, redelivered: 0, jobsRemoved: 0, unreachable: [] })
  t.same(await end(t, ['cleanup', ...config], env), { code: 0, output: 'nothing had to be cleaned up\n' })
})

/** A database with fifty items, and a job in the queue that is to set the status of all of them. */
async function createWork (t: TestScope) {
  const database = await createDatabase(t)
  const orm = await createOrm(t, database)
  await seedItems(orm, 50)
  const { engine } = await openEngine(t, { orm, resources: { items: { entity: Item, bulkFields: ['status'] } } })
  await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { all: true }, set: { status: 'done' } }))
  const client = await database.connect()
  const startWorker = () => start(t, ['worker', '--config', configFile('items')], { DATABASE_URL: database.url })
  const count = async (from: string) => (await client.query(`SELECT FROM ${from}`)).rowCount
  return { database, client, startWorker, count }
}

t.test('a worker runs until it receives a stop signal', async (t) => {
  const { client, startWorker, count } = await createWork(t)
  const worker = startWorker()
  await until(async () => await count("powercrud.job WHERE status = 'succeeded'") === 1, { deadlineMs: 120_000, what: 'the job to succeed' })
  t.equal(await count("item WHERE status = 'done'"), 50)
  t.match((await client.query('SELECT * FROM powercrud.worker')).rows, [{ pid: worker.pid, concurrency: 2, abilities: { resources: { items: String } } }])
  worker.kill('SIGTERM')
  t.same(await worker.exited, { code: 0, signal: null }, worker.output())
  t.equal(await count('powercrud.worker WHERE stopped_at IS NULL'), 0)
})

t.test('a worker that stops puts its job back, and a second signal ends it at once', async (t) => {
  const { database, startWorker, count } = await createWork(t)
  const gate = await createGate(database, { table: 'item', on: 'update', row: 'new.id = 7' })
  await gate.close()
  const patient = startWorker()
  await gate.waitUntilReached({ deadlineMs: 120_000 })
  patient.kill('SIGINT')
  await until(() => /the worker stops/.test(patient.output()))
  await gate.open()
  t.same(await patient.exited, { code: 0, signal: null }, patient.output())
  t.equal(await count("powercrud.job WHERE status = 'queued' AND lease IS NULL AND attempts = 0"), 1)
  t.equal(await count("item WHERE status = 'done'"), 0)

  await gate.close()
  const impatient = startWorker()
  await gate.waitUntilReached({ deadlineMs: 120_000 })
  impatient.kill('SIGTERM')
  impatient.kill('SIGINT')
  await until(() => /the worker stops/.test(impatient.output()))
  const stoppedAtMs = performance.now()
  let exitedAtMs: number | undefined
  const exited = impatient.exited.finally(() => { exitedAtMs = performance.now() })
  await until(() => {
    impatient.kill('SIGTERM')
    return exitedAtMs !== undefined
  }, { what: 'the exit of an impatient worker' })
  t.same(await exited, { code: 1, signal: null }, impatient.output())
  t.ok(exitedAtMs! - stoppedAtMs > 1_500, 'signals in quick succession are one request')
  t.equal(await count("powercrud.job WHERE status = 'queued' AND lease IS NULL AND attempts = 0 AND deaths = 0"), 1, 'no death is counted')
  await gate.open()
})
