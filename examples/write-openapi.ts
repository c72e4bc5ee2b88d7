// npm run openapi: writes openapi/openapi.json, the document of the cities example.

import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { documentOf } from '../openapi/document.ts'
import { buildApp } from './cities/app.ts'
import { openDatabase } from './cities/database/database.ts'
import { openOrm } from './cities/database/orm.ts'
import { loadWorld } from './cities/load/load-world.ts'
import { readSettings } from './cities/settings.ts'

const database = await openDatabase(readSettings())
const orm = await openOrm(database.url)
// The plugin looks at the tables when it is registered, so a fresh database needs them too.
await loadWorld(database.url, orm)
const app = await buildApp({ orm, worker: 'separate' })
await app.ready()
writeFileSync(fileURLToPath(new URL('../openapi/openapi.json', import.meta.url)), documentOf(app))
await app.close()
await orm.close()
await database.close()
