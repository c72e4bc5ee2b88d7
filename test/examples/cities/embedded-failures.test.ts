import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import t from 'tap'
import { startEmbedded } from '../../../examples/cities/database/embedded-postgres.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

function dataFolder (t: TestScope): string {
  const folder = mkdtempSync(join(tmpdir(), 'cities-test-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A disk of its own, unmounted when the test ends. */
function tinyDisk (t: TestScope, megabytes: number): string {
  const folder = dataFolder(t)
  mount(folder, megabytes)
  t.teardown(() => execFileSync('umount', ['--lazy', folder]))
  return folder
}

function mount (folder: string, megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', folder], { stdio: 'ignore' })
}

/** Not as another user than root, nor in most containers. */
function whyNoDisk (): string | false {
  const folder = mkdtempSync(join(tmpdir(), 'cities-test-'))
  try {
    mount(folder, 1)
    execFileSync('umount', [folder])
    return false
  } catch {
    return 'no disk can be mounted here'
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const skip = whyNoDisk()

async function messageOf (promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => 'it started', (error: Error) => error.message)
}

const pidFile = (folder: string) => join(folder, 'postgres/postmaster.pid')

t.test('data of another PostgreSQL version is refused and left alone', async (t) => {
  const folder = dataFolder(t)
  mkdirSync(join(folder, 'postgres'))
  writeFileSync(join(folder, 'postgres/PG_VERSION'), '15\n')
  t.equal(await messageOf(startEmbedded(folder)), `${folder}/postgres holds data of PostgreSQL 15, which PostgreSQL 18 cannot use: ` +
    'rename or remove that folder to begin with new data, or set DATA_DIR to another one')
  t.equal(readFileSync(join(folder, 'postgres/PG_VERSION'), 'utf8'), '15\n')
})

t.test('a folder with other files is refused and left alone', async (t) => {
  const folder = dataFolder(t)
  mkdirSync(join(folder, 'postgres'))
  writeFileSync(join(folder, 'postgres/letter.txt'), 'Dear …')
  t.equal(await messageOf(startEmbedded(folder)), `${folder}/postgres exists and is not a data folder of PostgreSQL: ` +
    'rename or remove it, or set DATA_DIR to another folder')
  t.ok(existsSync(join(folder, 'postgres/letter.txt')))
})

t.test('a DATA_DIR that cannot be a folder', async (t) => {
  const file = join(dataFolder(t), 'file')
  writeFileSync(file, '')
  t.match(await messageOf(startEmbedded(file)), /^.+file cannot be used \(.+\): make it writable .+, or set DATA_DIR to another folder$/)
})

t.test('a disk that is too small for new data', { skip }, async (t) => {
  const folder = tinyDisk(t, 20)
  t.match(await messageOf(startEmbedded(folder)), /^no space is left on the disk of .+: free some and start again, or set DATA_DIR to a folder on another disk$/)
  t.notOk(existsSync(join(folder, 'postgres')), 'nothing half made is left')
})

t.test('a disk that has become full since; and the data is still there when it has space again', { skip }, async (t) => {
  const folder = tinyDisk(t, 120)
  const first = await startEmbedded(folder)
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one')
  await first.close()
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(bavail * bsize))
  t.match(await messageOf(startEmbedded(folder)), /^no space is left on the disk of .+: free some and start again/)
  rmSync(join(folder, 'ballast'))
  const second = await startEmbedded(folder)
  t.same(await query(second.url, 'SELECT one FROM kept'), [{ one: 1 }])
  await second.close()
})

t.test('a port that is taken, a server that was killed, and a pid that now belongs to another PostgreSQL', async (t) => {
  const folder = dataFolder(t)
  const first = await startEmbedded(folder)
  await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS one')
  process.kill(Number.parseInt(readFileSync(pidFile(folder), 'utf8')), 'SIGKILL')
  const killed = await startEmbedded(folder)
  t.same(await query(killed.url, 'SELECT one FROM kept'), [{ one: 1 }], 'at once, while its processes are still ending')
  const abandoned = readFileSync(pidFile(folder), 'utf8')
  await killed.close()
  t.notOk(existsSync(pidFile(folder)))

  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  writeFileSync(join(folder, 'postgres/cities.port'), String(port))
  const [row] = await query(process.env.TEST_DATABASE_URL!, 'SELECT pg_backend_pid() AS pid')
  writeFileSync(pidFile(folder), abandoned.replace(/^\d+/, String(row!.pid)), { mode: 0o644 })
  const last = await startEmbedded(folder)
  t.not(new URL(last.url).port, String(port))
  t.same(await query(last.url, 'SELECT one FROM kept'), [{ one: 1 }])
  await last.close()
})

async function query (url: string, text: string): Promise<Array<Record<string, unknown>>> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  return await client.query(text).then(({ rows }) => rows).finally(() => client.end())
}
