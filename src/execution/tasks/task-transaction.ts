import type { EntityManager } from '@mikro-orm/postgresql'
import type { Sql } from '../../database/sql.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import type { Claim } from '../run/claim.ts'
import { writeTransactions } from '../run/write-transaction.ts'

/** The transactions of one attempt of a task, one after the other, under one EntityManager. */
export interface TaskTransaction {
  /** The handler's. Outside of a transaction, and after the attempt has ended, it refuses to work. */
  readonly em: EntityManager
  /** @throws lease_lost */
  open (): Promise<void>
  /**
   * Flushes, runs `last` as the last statements, and commits where these say so; else rolls back.
   * Resolves to whether it was committed.
   */
  commit (last: (sql: Sql) => Promise<boolean>): Promise<boolean>
  /** Resolves to whether a transaction was open, and is rolled back now. */
  rollBack (): Promise<boolean>
}

interface OpenTransaction {
  sql: Sql
  close: (commit: boolean) => void
  closed: Promise<boolean>
  stopKeepAlive: () => void
}

/**
 * A handler holds on to its EntityManager while transactions come and go under it. It keeps the context of the last one
 * also after that has ended: a handler that ignores its signal can write nothing more, in particular
 * not in a transaction that MikroORM would open for it without a fencing token.
 */
export function taskTransaction (engine: Pick<Engine, 'orm' | 'pulse' | 'tables' | 'leaseMs'>, claim: Claim): TaskTransaction {
  const transactions = writeTransactions(engine, claim)
  const em = withoutTransactionControl(engine.orm.em.fork({ clear: true, useContext: false }) as EntityManager)
  let segment: OpenTransaction | undefined

  async function open (): Promise<void> {
    const opened = Promise.withResolvers<Sql>()
    const closing = Promise.withResolvers<boolean>()
    const closed = transactions.run(async (transaction) => {
      em.setTransactionContext(transaction.em.getTransactionContext()!)
      opened.resolve(transaction.sql)
      const commit = await closing.promise
      return { commit, value: commit }
    })
    closed.catch(opened.reject)
    const sql = await opened.promise
    segment = { sql, close: closing.resolve, closed, stopKeepAlive: keepAlive(sql, engine.leaseMs) }
  }

  async function close (commit: boolean): Promise<boolean> {
    const ending = segment
    segment = undefined
    if (ending === undefined) return false
    ending.stopKeepAlive()
    ending.close(commit)
    return ending.closed
  }

  return {
    em,
    open,
    async commit (last) {
      await em.flush()
      return close(segment !== undefined && await last(segment.sql))
    },
    async rollBack () {
      if (segment === undefined) return false
      await close(false)
      return true
    }
  }
}

/**
 * A handler that starts or ends a transaction on its EntityManager would write outside of the job's transaction, and bypass
 * the fencing token.
 */
function withoutTransactionControl (em: EntityManager): EntityManager {
  for (const name of ['begin', 'commit', 'rollback'] as const) {
    em[name] = async () => {
      throw problem('wrong_state', `em.${name}() is not for tasks, whose transaction is that of the job: checkpoint.save() commits on the way, em.transactional() makes a savepoint`)
    }
  }
  return em
}

/**
 * A transaction that idles for as long as a lease is ended by the database, because its worker may be frozen. A handler
 * that waits for something else is not frozen: a statement from time to time shows it. A frozen worker sends none.
 */
function keepAlive (sql: Sql, leaseMs: number): () => void {
  const timer = setInterval(() => { sql.query('SELECT 1').catch(() => undefined) }, Math.max(50, leaseMs / 3))
  timer.unref()
  return () => clearInterval(timer)
}
