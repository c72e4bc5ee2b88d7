import { CompiledQuery, type Transaction as KyselyTransaction } from 'kysely'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { Sql } from './sql.ts'

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
