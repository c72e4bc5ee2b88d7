import { migrate } from '../../migrations/migrate.ts'
import { connectionConfig } from '../../database/pool.ts'
import { tablesIn } from '../../database/tables.ts'
import type { Command } from './command.ts'
import { openConfig } from '../config/open-config.ts'

/** Creates and upgrades the tables. */
export const runMigrate: Command = async ({ config: path }, { print }) => {
  const config = await openConfig(path)
  try {
    const { orm, databaseSchema } = config.options
    const queue = config.redis === undefined ? 'postgres' : 'redis'
    const applied = await migrate(connectionConfig(orm), { tables: tablesIn(databaseSchema), queue })
    print(applied.length === 0 ? 'the tables are up to date\n' : applied.map((name) => `applied ${name}\n`).join(''))
  } finally {
    await config.close()
  }
}
