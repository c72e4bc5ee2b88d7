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
    ['src/execution/worker/worker.ts', importOf('../../../schemas/job.ts'), []],
    ['src/execution/worker/worker.ts', importOf('../../../plugins/bulk.ts'), direction],
    ['src/execution/worker/worker.ts', importOf('../../../test/helpers/until.ts'), direction],
    ['src/execution/worker/worker.ts', importOf('@fastify/error'), []],
    ['src/execution/worker/worker.ts', importOf('fastify'), direction],
    ['src/execution/worker/worker.ts', typeOf('fastify'), []],
    ['src/execution/worker/worker.ts', importOf('@fastify/redis'), direction],
    ['src/execution/worker/worker.ts', importOf('fastest-levenshtein'), []],
    ['src/errors.ts', importOf('./database/sql.ts'), direction],
    ['src/validation/leaf.ts', importOf('../database/sql.ts'), direction],
    ['src/live/redis.ts', importOf('../database/sql.ts'), []],
    ['src/live/redis.ts', importOf('../queue/producer.ts'), direction],
    ['src/engine/engine.ts', typeOf('../jobs/job-end.ts'), direction],
    ['src/engine/engine.ts', importOf('fastify'), direction],
    ['src/jobs/store/claims.ts', importOf('../../engine/engine.ts'), []],
    ['src/jobs/store/claims.ts', importOf('../locks/conflicts.ts'), []],
    ['src/jobs/store/claims.ts', importOf('../../operations/cancel-job.ts'), direction],
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
