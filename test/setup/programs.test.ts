import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { requirePrograms } from './programs.ts'
import { SetupError } from './setup-error.ts'

t.test('names the packages to install when it cannot install them', async (t) => {
  // Without apt-get on the PATH root cannot install anything either.
  t.intercept(process, 'env', { value: { ...process.env, PATH: t.testdir() } })
  const error = await requirePrograms().then(() => undefined, (error) => error)
  t.ok(error instanceof SetupError)
  t.equal(error.message, [
    'Not found on the PATH:',
    '  redis-server (for the tests with Redis)',
    '  chromium or chromium-browser or google-chrome (for the tests of the pages)',
    'Install it; on Debian: apt-get install redis-server chromium'
  ].join('\n'))
})

t.test('finds the browser under any of its names', async (t) => {
  const folder = t.testdir({ 'redis-server': '', 'google-chrome': '', chromium: { 'a-folder': '' } })
  for (const program of ['redis-server', 'google-chrome']) chmodSync(join(folder, program), 0o755)
  t.intercept(process, 'env', { value: { ...process.env, PATH: `/nowhere:${folder}` } })
  t.same(await requirePrograms(), { chromium: join(folder, 'google-chrome') })
})
