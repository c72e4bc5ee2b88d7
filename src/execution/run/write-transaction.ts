import { entityTransaction, type TransactionOutcome } from '../../database/entity-transaction.ts'
import type { Engine } from '../../engine/engine.ts'
import { engineError } from '../../errors.ts'
import { recordBackend, backendName } from '../../jobs/store/claims.ts'
import type { WriteTransaction } from '../../engine/writer.ts'
import type { Claim } from './claim.ts'
import { prepareWriteTransaction } from '../../database/transaction-bounds.ts'

/** How long a write waits for a row that an ordinary transaction of the application holds; less than a statement may take. */
const lockWaitMs = 5_000

/** Opens the transactions of one claim. */
export interface WriteTransactions {
  /** Transactions that were opened so far. */
  readonly openedCount: number
  /**
   * Runs `work` in a transaction of the application's MikroORM, in a fresh EntityManager, and commits it or rolls it
   * back as the work says; rolls back when it throws.
   * @throws lease_lost when the claim is another worker's by now
   */
  run<Value> (work: (transaction: WriteTransaction) => Promise<TransactionOutcome<Value>>): Promise<Value>
}

export function writeTransactions (engine: Pick<Engine, 'orm' | 'pulse' | 'tables' | 'leaseMs'>, { job, fence }: Claim): WriteTransactions {
  const { orm, pulse, tables, leaseMs } = engine
  const bounds = { name: backendName(job.id), idleMs: leaseMs, lockMs: Math.min(lockWaitMs, Math.floor(leaseMs / 2)), statementMs: leaseMs }
  let recorded = ''
  let openedCount = 0

  /** The pool may hand out another connection each time; the job row is written only when it did. */
  const recordOnce = async (backend: { pid: number, start: Date }) => {
    const name = `${backend.pid} ${backend.start.getTime()}`
    if (name === recorded) return
    if (!await recordBackend(pulse, tables, { id: job.id, fence, ...backend })) throw engineError('lease_lost')
    recorded = name
  }

  return {
    get openedCount () { return openedCount },
    run (work) {
      return entityTransaction(orm, async (transaction) => {
        openedCount += 1
        await recordOnce(await prepareWriteTransaction(transaction.sql, bounds))
        return work(transaction)
      })
    }
  }
}
