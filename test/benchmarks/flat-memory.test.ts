import t from 'tap'
import { createDatabase } from '../helpers/database.ts'
import { startScript } from '../helpers/processes.ts'
import type { TestScope } from '../helpers/test-scope.ts'

/** Megabytes of heap: what the libraries take, and a little more. */
const heapMb = 64
const records = 30_000
const results = records + 400_000

async function withLittleMemory (t: TestScope, { count = records, how = '' } = {}) {
  const { url } = await createDatabase(t)
  const child = startScript(t, new URL('flat-memory-process.ts', import.meta.url), { args: [url, String(count), how], nodeArgs: [`--max-old-space-size=${heapMb}`] })
  return { ...await child.exited, output: child.output() }
}

t.test('records go through the entity path, with what an undo needs, and results go out, in memory that does not grow with them', async (t) => {
  const { code, output } = await withLittleMemory(t)
  t.equal(code, 0, output)
  t.match(output, new RegExp(`job succeeded ${records}\\nndjson ${results}\\ncsv ${results + 1}`))
})

for (const unfit of [{ how: 'records at once' }, { how: 'results at once', count: 100 }]) {
  t.test(`which would not be enough for ${unfit.how}`, async (t) => {
    const { code, output } = await withLittleMemory(t, unfit)
    t.not(code, 0)
    t.match(output, /heap out of memory/)
  })
}
