import { CompiledQuery, type Kysely, type Transaction as KyselyTransaction } from 'kysely'
import { EventType, TransactionEventBroadcaster } from '@mikro-orm/core'
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql'
import { markConnectionAlive, type Sql } from './sql.ts'

/**
 * Opens the engine's `Sql` on the transaction that a MikroORM EntityManager is in, so that checkpoints, results and
 * the fence commit together with what the application's entities write.
 */
export function entityManagerSql (em: EntityManager): Sql {
  return {
    async query<Row extends object> (text: string, values: readonly unknown[] = []) {
      const transaction = em.getTransactionContext<KyselyTransaction<unknown>>()
      const connection = transaction ?? em.getConnection('write').getClient<unknown>()
      return (await connection.executeQuery(CompiledQuery.raw(text, [...values]))).rows as Row[]
    }
  }
}

/** Whether to commit, and the value to return. */
export interface TransactionOutcome<Value> {
  commit: boolean
  value: Value
}

/**
 * Runs `work` in an explicitly READ COMMITTED transaction of the application's MikroORM, in an EntityManager of its own;
 * commits or rolls back as its outcome says, and rolls back when it throws.
 *
 * The connection is acquired here and not by `em.begin()`, which never releases a connection that is lost during its BEGIN
 * or before its end: every terminated backend would leave the application's pool one connection smaller.
 */
export async function entityTransaction<Value> (
  orm: MikroORM, work: (transaction: { em: EntityManager, sql: Sql }) => Promise<TransactionOutcome<Value>>
): Promise<Value> {
  const em = orm.em.fork({ clear: true, useContext: false }) as EntityManager
  const connection = em.getConnection('write')
  await connection.ensureConnection()
  return connection.getClient<unknown>().connection().execute((client) => onConnection(client, em, work))
}

async function onConnection<Value> (
  client: Kysely<unknown>, em: EntityManager, work: (transaction: { em: EntityManager, sql: Sql }) => Promise<TransactionOutcome<Value>>
): Promise<Value> {
  const events = new TransactionEventBroadcaster(em, { topLevelTransaction: true })
  await events.dispatchEvent(EventType.beforeTransactionStart)
  const transaction = await client.startTransaction().setIsolationLevel('read committed').execute()
  em.setTransactionContext(transaction)
  try {
    await events.dispatchEvent(EventType.afterTransactionStart, transaction)
    const { commit, value } = await work({ em, sql: entityManagerSql(em) })
    if (commit) await em.commit()
    else await em.rollback()
    return value
  } catch (error) {
    if (!transaction.isCommitted && !transaction.isRolledBack) {
      // The failure may come from a listener of the application; the connection must not return to the pool inside a transaction.
      await em.rollback().catch(() => transaction.rollback().execute()).then(() => markConnectionAlive(error), () => undefined)
    }
    throw error
  }
}
