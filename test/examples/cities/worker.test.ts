import t from 'tap'
import { createGate } from '../../helpers/gate.ts'
import { startScript, type ChildScript } from '../../helpers/processes.ts'
import { ownRedis } from '../../helpers/redis.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'
import { createWorldDatabase } from './world-database.ts'

const scriptOf = (name: string) => new URL(`../../../examples/cities/${name}.ts`, import.meta.url)

interface Job { id: string, status: string, attempts: number, counts: { succeeded: number, total: number }, links: { progress: string } }

/** The processes of the example on one database, with the work in processes of their own. */
async function processes (t: TestScope, redisUrl: string) {
  const database = await createWorldDatabase(t)
  const env = { HOST: '', DATA_DIR: '', PORT: '0', DATABASE_URL: database.url, REDIS_URL: redisUrl, POWERCRUD_WORKER: 'separate' }
  const start = (name: string, args: string[] = []) => startScript(t, scriptOf(name), { env, args })
  return {
    database,
    start,
    async server (): Promise<{ script: ChildScript, address: string }> {
      const script = start('server')
      const [, address] = await script.waitForLine(/Server listening at (http:[^"]+)/, { deadlineMs: 240_000 })
      return { script, address: address! }
    },
    async worker (): Promise<ChildScript> {
      const script = start('worker')
      // It logs to stderr: stdout is for what commands answer.
      await until(() => script.output().includes('the worker takes jobs'), { what: 'a worker that takes jobs', deadlineMs: 120_000 })
      return script
    }
  }
}

async function launch (address: string, set: object): Promise<Job> {
  const response = await fetch(`${address}/cities/bulk-update`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ selection: { filter: { country: 'NL' } }, set })
  })
  t.equal(response.status, 202)
  return await response.json() as Job
}

async function ended (address: string, job: Job): Promise<Job> {
  return until(async () => {
    const response = await fetch(address + job.links.progress)
    return response.status === 286 && await response.json() as Job
  }, { what: 'the end of the job', deadlineMs: 240_000 })
}

for (const mode of ['PostgreSQL', 'Redis'] as const) {
  t.test(`workers of their own, with the queue on ${mode}: killed, stopped, and restarted with the server`, async (t) => {
    const { database, start, server, worker } = await processes(t, mode === 'Redis' ? (await ownRedis(t)).url : '')
    const first = await server()
    const client = await database.connect()
    const count = async (condition: string) => (await client.query(`SELECT count(*)::int AS count FROM city WHERE country_code = 'NL' AND ${condition}`)).rows[0].count
    const all = await count('true')

    // Nobody works yet, and the server that took the job is gone when somebody does.
    const queued = await launch(first.address, { status: 'verified' })
    first.script.kill('SIGTERM')
    t.same(await first.script.exited, { code: 0, signal: null })
    const { address } = await server()
    const one = await worker()
    t.match(await ended(address, queued), { status: 'succeeded', counts: { total: all, succeeded: all } })
    t.same([await count("status = 'verified'"), await count('version = 2')], [all, all])

    // A worker that is told to stop in the middle puts its job back, and the next one goes on.
    const gate = await createGate(database, { table: 'city', on: 'update' })
    await gate.close()
    const stopped = await launch(address, { status: 'flagged' })
    await gate.waitUntilReached()
    one.kill('SIGTERM')
    await gate.open()
    t.same(await one.exited, { code: 0, signal: null })
    const two = await worker()
    t.match(await ended(address, stopped), { status: 'succeeded', counts: { succeeded: all } })
    t.equal(await count('version = 3'), all, 'once')

    // A worker that is killed: its lease runs out, and a sweep gives the job to another one.
    await gate.close()
    const killed = await launch(address, { status: 'verified' })
    const [backend] = await gate.waitUntilReached()
    two.kill('SIGKILL')
    await two.exited
    await client.query('SELECT pg_terminate_backend($1, 60000)', [backend])
    await gate.open()
    await client.query("UPDATE powercrud.job SET lease = now() - interval '1 s' WHERE id = $1", [killed.id])
    const cleanup = start('cleanup', ['--json'])
    t.same(await cleanup.exited, { code: 0, signal: null })
    const last = await worker()
    t.match(await ended(address, killed), { status: 'succeeded', attempts: 2, counts: { succeeded: all } })
    t.equal(await count('version = 4'), all, 'once')
    last.kill('SIGTERM')
    t.same(await last.exited, { code: 0, signal: null })
  })
}

t.test('the cleanup tells what it did, as JSON', async (t) => {
  const { start, server } = await processes(t, '')
  await server()
  const cleanup = start('cleanup', ['--json'])
  t.same(await cleanup.exited, { code: 0, signal: null })
  const summary = JSON.parse(cleanup.output().split('\n').find((line) => line.startsWith('{"requeued"')) ?? '{}')
  t.match(summary, { requeued: 0, unreachable: [] })
})
