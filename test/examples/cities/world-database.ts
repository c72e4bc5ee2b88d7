import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openOrm } from '../../../examples/cities/database/orm.ts'
import { loadWorld } from '../../../examples/cities/load/load-world.ts'
import type { TestDatabase } from '../../helpers/database.ts'
import { createFromTemplate } from '../../helpers/template.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

const example = fileURLToPath(new URL('../../../examples/cities/', import.meta.url))

/** A new database on the shared server with all the cities, loaded once for all tests, and without the tables of jobs. */
export async function createWorldDatabase (t: TestScope): Promise<TestDatabase> {
  const hash = createHash('sha256')
  for (const file of globSync(['entities/*.ts', 'load/*.ts'], { cwd: example }).sort()) hash.update(readFileSync(example + file))
  return await createFromTemplate(t, `world_${hash.digest('hex').slice(0, 16)}`, async (url) => {
    const orm = await openOrm(url)
    await loadWorld(url, orm)
    await orm.close()
  })
}
