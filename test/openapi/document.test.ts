import { readFileSync } from 'node:fs'
import t from 'tap'
import { citiesApp } from '../examples/cities/cities-app.ts'
import { documentOf } from '../../openapi/document.ts'

const committed = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')

t.test('the committed document is that of the example', async (t) => {
  const app = await citiesApp(t)
  t.equal(documentOf(app), committed, 'stale? run npm run openapi')
})

t.test('every reference leads to a schema, and ours have their names', async (t) => {
  const { components: { schemas }, paths } = JSON.parse(committed)
  const references = [...committed.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!)
  t.ok(references.length > 100)
  t.same([...new Set(references)].filter((name) => !(name in schemas)), [])
  for (const name of ['PowercrudJob', 'PowercrudProblem', 'PowercrudCityBulkUpdate', 'PowercrudPreview']) t.ok(name in schemas, name)
  t.same(Object.keys(schemas).filter((name) => name.startsWith('def-')), [])
  t.ok(paths['/powercrud/async/progress/{jobId}'].get.responses['286'])
  for (const path of ['/cities/bulk-update', '/cities/bulk-delete', '/powercrud/async/jobs/{jobId}/retry', '/powercrud/async/jobs/{jobId}/undo']) {
    t.match(paths[path].post.responses['429'], { description: /too_many_jobs/, headers: { 'Retry-After': {} } }, path)
  }
})
