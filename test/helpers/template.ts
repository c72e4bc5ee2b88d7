import { Client, DatabaseError } from 'pg'
import { serverAddress } from './addresses.ts'
import { createDatabase, onceUnused, type TestDatabase } from './database.ts'
import type { TestScope } from './test-scope.ts'

/**
 * A new database on the shared server, dropped when the test ends: a copy of a template, which the first caller
 * creates. Its name depends on its contents: servers that outlive a test run keep templates of other versions.
 */
export async function createFromTemplate (t: TestScope, template: string, fill: (url: string) => Promise<unknown>): Promise<TestDatabase> {
  try {
    return await createDatabase(t, { template })
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== '3D000') throw error
    await makeTemplate(template, fill)
    return await createDatabase(t, { template })
  }
}

/** Created under another name first, so that an existing template is complete even if a process was killed meanwhile. */
async function makeTemplate (template: string, fill: (url: string) => Promise<unknown>): Promise<void> {
  const client = new Client(serverAddress('TEST_DATABASE_URL'))
  await client.connect()
  try {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [template])
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [template])
    if (rowCount !== 0) return
    const unfinished = `${template}_unfinished`
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`)
    await client.query(`CREATE DATABASE ${unfinished}`)
    const url = new URL(serverAddress('TEST_DATABASE_URL'))
    url.pathname = unfinished
    await fill(url.href)
    await onceUnused(`the name of ${template}`, () => client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`))
  } finally {
    await client.end()
  }
}
