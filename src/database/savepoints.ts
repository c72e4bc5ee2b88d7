import type { Sql } from './sql.ts'

/** Savepoints of one name nest: each hides the one outside until it is released. */
export async function setSavepoint (sql: Sql): Promise<void> {
  await sql.query('SAVEPOINT powercrud')
}

export async function releaseSavepoint (sql: Sql): Promise<void> {
  await sql.query('RELEASE SAVEPOINT powercrud')
}

/** Moves the savepoint to where the transaction is now. */
export async function renewSavepoint (sql: Sql): Promise<void> {
  await sql.query('RELEASE SAVEPOINT powercrud; SAVEPOINT powercrud')
}

/** Rolls back to the savepoint, which stays. */
export async function returnToSavepoint (sql: Sql): Promise<void> {
  await sql.query('ROLLBACK TO SAVEPOINT powercrud')
}

/** Rolls back to the savepoint, and releases it. */
export async function rollbackToSavepoint (sql: Sql): Promise<void> {
  await sql.query('ROLLBACK TO SAVEPOINT powercrud; RELEASE SAVEPOINT powercrud')
}
