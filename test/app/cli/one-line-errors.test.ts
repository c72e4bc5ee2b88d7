import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createDatabase } from '../../helpers/database.ts'
import { startScript } from '../../helpers/processes.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

const program = new URL('../../../src/app/cli/index.ts', import.meta.url)
const example = new URL('../../../examples/cities/worker.ts', import.meta.url)
const fixtures = fileURLToPath(new URL('../../fixtures/entities.ts', import.meta.url))

/** A config file with Country among the entities of its MikroORM, and nothing else. */
const config = (entity: string, redis = '') => `
  import { MikroORM } from '@mikro-orm/postgresql'
  import { Country, Item } from ${JSON.stringify(fixtures)}
  export default async () => ({
    orm: await MikroORM.init({ clientUrl: process.env.DATABASE_URL, entities: [Country] }),
    resources: { them: { entity: ${entity}, path: '/them', bulkFields: ['name'] } },
    ${redis}
  })`

const folder = t.testdir({
  'syntax.ts': 'export default {\n  orm:\n',
  'throws.ts': '\nexport default () => ({ orm: absent })\n',
  'entity.ts': config('Item'),
  'url.ts': config('Country', "redis: 'redis://user:secret@127.0.0.1:6379'"),
  'whole.ts': config('Country')
})

async function run (t: TestScope, command: string, file: string, url: string): Promise<{ code: number | null, output: string }> {
  const child = startScript(t, program, { args: [command, '--config', join(folder, file)], env: { DATABASE_URL: url } })
  const { code } = await child.exited
  return { code, output: child.output() }
}

/** One line that matches, and an exit code of 1. */
async function failsWith (t: Test, args: [command: string, file: string, url: string], line: RegExp): Promise<void> {
  t.match(await run(t, ...args), { code: 1, output: new RegExp(`^powercrud-async ${args[0]} failed: [^\\n]*${line.source}[^\\n]*\\n$`) }, args.join(' '))
}

const nowhere = 'postgres://x@127.0.0.1:1/x'

t.test('a config file that is wrong is one line', async (t) => {
  await failsWith(t, ['worker', 'syntax.ts', nowhere], /syntax\.ts could not be loaded: .*syntax\.ts:\d+\)/)
  await failsWith(t, ['worker', 'throws.ts', nowhere], /throws\.ts could not be loaded: absent is not defined \(.*throws\.ts:2\)/)
  await failsWith(t, ['worker', 'entity.ts', nowhere], /resources\.them\.entity: this entity was not discovered by MikroORM; discovered: Country/)
  await failsWith(t, ['worker', 'url.ts', nowhere], /redis: is a URL; expected an ioredis client \(new Redis\(url\)\), true .* or the name of an @fastify\/redis namespace/)
  t.notMatch((await run(t, 'worker', 'url.ts', nowhere)).output, /secret/)
})

t.test('a database that is away, or is not there, is one line for every command', async (t) => {
  const { url } = await createDatabase(t)
  const absent = new URL(url)
  absent.pathname = 'absent'
  const stranger = new URL(url)
  stranger.password = 'wrong'
  for (const command of ['worker', 'migrate', 'cleanup']) {
    await failsWith(t, [command, 'whole.ts', nowhere], /the database cannot be reached: connect ECONNREFUSED 127\.0\.0\.1:1/)
    await failsWith(t, [command, 'whole.ts', absent.href], /the database refuses: database "absent" does not exist/)
  }
  await failsWith(t, ['worker', 'whole.ts', stranger.href], /the database refuses: password authentication failed/)
})

t.test('an old Node is one line', async (t) => {
  const old = "data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } })"
  const child = startScript(t, program, { args: ['--version'], nodeArgs: ['--import', old] })
  t.match(await child.exited, { code: 1 })
  t.equal(child.output(), 'powercrud-async needs Node 22.18 or newer, and this is Node 20.20.2\n')
})

t.test('the worker of the example says at once what it waits for, and ends with a sentence', async (t) => {
  const dataFolder = t.testdir({})
  const worker = startScript(t, example, { env: { DATA_DIR: dataFolder, DATABASE_URL: '' } })
  await until(() => /no database runs in .* waiting 60 seconds for the server \(npm start\)\n/.test(worker.output()))
  worker.kill('SIGTERM')
  t.match(await worker.exited, { code: 1 })
  t.match(worker.output().split('\n'), { 1: /no database runs in .*: start the server first/, 2: '' })
  t.equal(worker.output().split('\n').length, 3)
})
