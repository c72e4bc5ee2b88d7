import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'
import { waitForJob } from '../../src/app/testing/index.ts'
import { citiesApp } from '../examples/cities/cities-app.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { paths } = JSON.parse(readFileSync(`${root}openapi/openapi.json`, 'utf8'))

interface Operation {
  requestBody?: { content: { 'application/json'?: { examples?: Record<string, { value: object }> } } }
  parameters?: { in: string, name: string, example?: unknown, examples?: unknown }[]
}

const operations = Object.entries(paths as Record<string, Record<string, Operation>>)
  .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))

t.test('every named example of the document is a request that works on the example', async (t) => {
  const app = await citiesApp(t)
  let exampleCount = 0
  for (const { path, method, operation } of operations) {
    for (const [name, { value }] of Object.entries(operation.requestBody?.content['application/json']?.examples ?? {})) {
      exampleCount++
      const response = await app.inject({ method: method.toUpperCase() as 'POST', url: path.replace('{id}', '2759794'), payload: value })
      t.match(String(response.statusCode), /^20[02]$/, `${method} ${path}: ${name}: ${response.payload.slice(0, 300)}`)
      if (response.statusCode === 202) {
        // The next examples need the same records.
        const { id } = response.json()
        await app.powercrud.cancel(id).catch(() => undefined)
        await waitForJob(app.powercrud, id, { timeoutMs: 120_000 })
      }
      if (/dryRun/.test(name)) t.ok(response.json().count > 0, `${name} selects records`)
    }
  }
  t.ok(exampleCount >= 8)
})

t.test('Swagger UI fills in neither an idempotency key nor the id of a job', async (t) => {
  const parameters = operations.flatMap(({ operation }) => operation.parameters ?? []).filter(({ in: where, name }) => where === 'header' || name === 'jobId')
  t.ok(parameters.length > 5)
  for (const parameter of parameters) t.notMatch(JSON.stringify(parameter), /"examples?"/, parameter.name)
})

t.test('the document passes the recommended rules of Redocly and Spectral', async (t) => {
  await promisify(execFile)('npm', ['run', '--silent', 'lint:openapi'], { cwd: root }).catch(({ stdout, stderr }) => t.fail(`${stdout}${stderr}`))
})
