import { readFileSync } from 'node:fs'
import t from 'tap'
import { readmeWithTables } from '../../openapi/readme.ts'
import { allCodes } from '../../src/errors.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

t.test('the tables of the README are those of the code', async (t) => {
  t.equal(readmeWithTables(readme), readme, 'stale? run npm run docs')
})

t.test('no code of the README is unknown', async (t) => {
  const known = new Set(allCodes())
  const section = readme.slice(readme.indexOf('## Errors'), readme.indexOf('## Testing'))
  const told = [...section.matchAll(/^\| (?:\d+ \| )?`(\w+)` \|/gm)].map(([, code]) => code!)
  t.ok(told.length > 40)
  t.same(told.filter((code) => !known.has(code)), [])
})
