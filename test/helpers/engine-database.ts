import { createHash } from 'node:crypto'
import { LATEST_SCHEMA_VERSION } from 'bullmq'
import { migrate } from '../../src/migrations/migrate.ts'
import { migrations } from '../../src/migrations/index.ts'
import { tablesIn } from '../../src/database/tables.ts'
import type { TestDatabase } from './database.ts'
import { createFromTemplate } from './template.ts'
import type { TestScope } from './test-scope.ts'

const tables = tablesIn('powercrud')

const template = `template_${createHash('sha256')
  .update(JSON.stringify([migrations.map(({ name, up }) => [name, up(tables)]), LATEST_SCHEMA_VERSION]))
  .digest('hex').slice(0, 16)}`

/**
 * A new database on the shared server with the empty tables of the engine and of its queue, dropped when the test ends.
 */
export async function createEngineDatabase (t: TestScope): Promise<TestDatabase> {
  return await createFromTemplate(t, template, (connectionString) => migrate({ connectionString }, { tables, queue: 'postgres' }))
}
