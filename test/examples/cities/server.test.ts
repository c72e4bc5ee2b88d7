import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startScript, type ChildScript } from '../../helpers/processes.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

const script = new URL('../../../examples/cities/server.ts', import.meta.url)
const firstStartMs = 240_000
const laterStartMs = 120_000

/** A folder for the embedded PostgreSQL, which is no longer running there when the test ends. */
function dataFolder (t: TestScope): string {
  const folder = mkdtempSync(join(tmpdir(), 'cities-test-'))
  t.teardown(async () => {
    if (isRunning(folder)) {
      // Whoever was killed has left it: one that starts takes it over and ends it.
      const last = start({ teardown: () => {} }, folder)
      await listening(last)
      await end(last)
    }
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

function start (t: TestScope, folder: string): ChildScript {
  return startScript(t, script, { env: { ...unset, DATA_DIR: folder, PORT: '0' } })
}

const unset = { HOST: '', DATABASE_URL: '', REDIS_URL: '', POWERCRUD_WORKER: '' }

async function listening (server: ChildScript, deadlineMs = laterStartMs): Promise<string> {
  const [, address] = await server.waitForLine(/Server listening at (http:[^"]+)/, { deadlineMs })
  return address!
}

async function end (server: ChildScript, signal: NodeJS.Signals = 'SIGTERM') {
  server.kill(signal)
  return await server.exited
}

function isRunning (folder: string): boolean {
  return existsSync(join(folder, 'postgres', 'postmaster.pid'))
}

async function total (address: string): Promise<number> {
  const response = await fetch(`${address}/cities?limit=1`)
  return (await response.json() as { total: number }).total
}

t.test('the embedded PostgreSQL outlives a kill, is shared, and goes with the last one', async (t) => {
  const folder = dataFolder(t)

  const killed = start(t, folder)
  t.equal(await total(await listening(killed, firstStartMs)), 135_233)
  await end(killed, 'SIGKILL')
  t.ok(isRunning(folder))

  const second = start(t, folder)
  const third = start(t, folder)
  t.equal(await total(await listening(second)), 135_233)
  const address = await listening(third)
  t.same(await end(second), { code: 0, signal: null })
  t.equal(await total(address), 135_233, 'the one that stays still has its database')
  t.same(await end(third, 'SIGINT'), { code: 0, signal: null })
  t.notOk(isRunning(folder))
})

t.test('a setting that cannot be ends it with a line that says so', async (t) => {
  const server = startScript(t, script, { env: { ...unset, PORT: 'http' } })
  t.same(await server.exited, { code: 1, signal: null })
  t.equal(server.output(), 'cities: PORT must be a whole number from 0 to 65535, not "http"\n')
})

t.test('a database that is not there ends it', async (t) => {
  const server = startScript(t, script, { env: { ...unset, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } })
  t.same(await server.exited, { code: 1, signal: null })
  t.match(server.output(), 'ECONNREFUSED')
})
