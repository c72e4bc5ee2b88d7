import type { Sql } from './sql.ts'

/** Savepoints of one name nest: each hides the one outside until it is released. */
export async function setSavepoint (sql: Sql): Promise<void> {
  await sql.query('SAVEPOINT powercrud')
}

export async function releaseSavepoint (sql: Sql): Promise<void> {
  await sql.query('RELEASE SAVEPOINT powercrud')
}

/** Undoes everything since the savepoint, and removes it. */
export async function undoSavepoint (sql: Sql): Promise<void> {
  await sql.query('ROLLBACK TO SAVEPOINT powercrud; RELEASE SAVEPOINT powercrud')
}
