import { fileURLToPath } from 'node:url'
import { ESLint } from 'eslint'
import t from 'tap'

const eslint = new ESLint({ cwd: fileURLToPath(new URL('..', import.meta.url)) })

async function brokenRules (filePath: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath })
  return [...new Set(result?.messages.map(({ ruleId, message }) => ruleId ?? message))]
}

const direction = ['@typescript-eslint/no-restricted-imports']

t.test('imports flow one way', async (t) => {
  const importOf = (from: string) => `import { a } from '${from}'\na()\n`
  const typeOf = (from: string) => `import type { A } from '${from}'\nexport type B = A\n`
  const rows: Array<[file: string, code: string, broken: string[]]> = [
    ['schemas/job.ts', importOf('@sinclair/typebox'), []],
    ['schemas/job.ts', importOf('./common.ts'), []],
    ['schemas/job.ts', importOf('ajv'), direction],
    ['schemas/job.ts', importOf('node:fs'), direction],
    ['schemas/job.ts', typeOf('../src/errors.ts'), direction],
    ['schemas/job.ts', typeOf('@mikro-orm/core'), []],
    ['schemas/job.ts', importOf('@mikro-orm/core'), direction],
    ['src/worker/run.ts', importOf('../../schemas/job.ts'), []],
    ['src/worker/run.ts', importOf('../../plugins/bulk.ts'), direction],
    ['src/worker/run.ts', importOf('../../test/helpers/until.ts'), direction],
    ['src/worker/run.ts', importOf('@fastify/error'), []],
    ['src/worker/run.ts', importOf('fastify'), direction],
    ['src/worker/run.ts', typeOf('fastify'), []],
    ['src/worker/run.ts', importOf('@fastify/redis'), direction],
    ['src/worker/run.ts', importOf('fastest-levenshtein'), []],
    ['plugins/bulk.ts', importOf('../src/errors.ts'), []],
    ['plugins/bulk.ts', importOf('fastify-plugin'), []],
    ['plugins/bulk.ts', importOf('../openapi/document.ts'), direction],
    ['openapi/document.ts', importOf('../plugins/index.ts'), []],
    ['openapi/document.ts', importOf('../examples/cities/app.ts'), direction],
    ['examples/cities/app.ts', importOf('../../plugins/index.ts'), []],
    ['examples/cities/app.ts', importOf('../../test/helpers/until.ts'), direction],
    ['test/bulk.test.ts', importOf('../plugins/index.ts'), []]
  ]
  for (const [file, code, broken] of rows) t.same(await brokenRules(file, code), broken, `${file}: ${code.split('\n')[0]}`)
})

t.test('errors are made in one place', async (t) => {
  const code = "export const a = new Error('a')\n"
  t.same(await brokenRules('src/job.ts', code), ['no-restricted-syntax'])
  t.same(await brokenRules('src/errors.ts', code), [])
})

t.test('tests do not sleep', async (t) => {
  const code = 'await new Promise((resolve) => setTimeout(resolve, 100))\n'
  t.same(await brokenRules('test/job.test.ts', code), ['no-restricted-syntax'])
  t.same(await brokenRules('test/job.test.ts', "import { setTimeout } from 'node:timers/promises'\nawait setTimeout(1)\n"), ['no-restricted-imports'])
})

t.test('a schema and its type may have the same name', async (t) => {
  t.same(await brokenRules('schemas/a.ts', 'export const Job = 1\nexport type Job = number\n'), [])
})
