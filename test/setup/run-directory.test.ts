import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { startScript } from '../helpers/processes.ts'
import { until } from '../helpers/until.ts'
import { createRunDirectory, parentDirectory, removeRunDirectory } from './run-directory.ts'

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

t.test('servers of a killed test file are stopped when its folder is removed', async (t) => {
  const directory = await createRunDirectory()
  t.teardown(() => removeRunDirectory(directory))
  const scripts = t.testdir({
    'start.ts': `
      import { startPostgres } from '${new URL('postgres.ts', import.meta.url)}'
      import { startRedis } from '${new URL('redis.ts', import.meta.url)}'
      await Promise.all([startPostgres(), startRedis()])
      console.log('started')
      setInterval(() => {}, 1000)`
  })
  const testFile = startScript(t, join(scripts, 'start.ts'), { env: { TEST_RUN_DIRECTORY: directory } })
  await testFile.waitForLine(/started/)
  testFile.kill('SIGKILL')
  await testFile.exited

  const pids = readdirSync(directory).flatMap((name) => ['data/postmaster.pid', 'redis.pid'].map((file) => join(directory, name, file)))
    .filter((file) => existsSync(file))
    .map((file) => Number.parseInt(readFileSync(file, 'utf8')))
  t.equal(pids.length, 2)
  t.ok(pids.every(isAlive), 'they outlive the process that started them')

  await removeRunDirectory(directory)
  t.notOk(existsSync(directory))
  await until(() => !pids.some(isAlive), { what: 'both servers to end' })
})

t.test('a run keeps its data in memory only if there is enough', async (t) => {
  t.intercept(process, 'env', { value: { ...process.env, TMPDIR: '' } })
  t.intercept(process, 'availableMemory', { value: () => 2 ** 40 })
  const roomy = t.testdir()
  t.equal(await parentDirectory(roomy), roomy)
  t.equal(await parentDirectory(join(roomy, 'missing')), tmpdir(), 'a machine without such a file system')
  t.equal(await parentDirectory('/proc'), tmpdir(), 'a file system without room')

  t.intercept(process, 'availableMemory', { value: () => 2 ** 30 })
  t.equal(await parentDirectory(roomy), tmpdir(), 'a machine without memory')
})

t.test('a run keeps its data in TMPDIR if that is set', async (t) => {
  t.intercept(process, 'env', { value: { ...process.env, TMPDIR: '/elsewhere' } })
  t.equal(await parentDirectory(t.testdir()), tmpdir())
})
