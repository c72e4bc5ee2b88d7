// Migrates the database of its argument and prints what it applied.

import { migrate } from '../../src/migrations/migrate.ts'
import { tablesIn } from '../../src/database/tables.ts'

const applied = await migrate({ connectionString: process.argv[2]! }, { tables: tablesIn('powercrud'), queue: 'postgres' })
console.log(applied.join('\n'))
