import { randomInt } from 'node:crypto'
import { escapeIdentifier, type Client } from 'pg'
import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

export interface GateOptions {
  /** With its schema where that is not `public`: `powercrud.job`. */
  table: string
  on: 'insert' | 'update' | 'delete'
  /** `before` or `after` the statement's rows are written; `after` unless told. */
  when?: 'before' | 'after'
  /** SQL over `new` and `old`: only a row for which it is true comes to the gate. Without it every statement does, once. */
  row?: string
}

export interface Gate {
  close (): Promise<void>
  /** Lets all pass that wait, and all that come. */
  open (): Promise<void>
  /** Resolves with the pids of the backends that stand before the closed gate, once there are as many. */
  waitUntilReached (options?: { count?: number, deadlineMs?: number }): Promise<number[]>
}

/**
 * A gate in a table of a database, open at first: while it is closed, a statement that comes to it stands still inside
 * its transaction, between its write and its COMMIT. So a test can do what it wants to do at exactly that moment.
 */
export async function createGate (database: TestDatabase, options: GateOptions): Promise<Gate> {
  const key = randomInt(2 ** 31)
  // The session that holds the gate closed; it can hold it without a transaction, and lose it only by its own end.
  const holder = await database.connect()
  await installTrigger(holder, key, options)
  let closed = false

  return {
    async close () {
      await holder.query('SELECT pg_advisory_lock($1)', [key])
      closed = true
    },
    async open () {
      if (closed) await holder.query('SELECT pg_advisory_unlock($1)', [key])
      closed = false
    },
    async waitUntilReached ({ count = 1, deadlineMs } = {}) {
      return await until(async () => {
        const pids = await findWaiting(holder, key)
        return pids.length >= count && pids
      }, { deadlineMs, what: `${count} at the gate on ${options.on} of ${options.table}` })
    }
  }
}

/**
 * Shared and at once given back: who passes an open gate leaves nothing behind that `close` would wait for.
 * lock_timeout is for the waits of the code under test, not for the one that the test makes.
 */
async function installTrigger (client: Client, key: number, { table, on, when = 'after', row }: GateOptions): Promise<void> {
  const name = `gate_${key}`
  const level = row === undefined ? 'STATEMENT' : `ROW WHEN (${row})`
  await client.query(`
    CREATE FUNCTION public.${name}() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS $$
    BEGIN
      PERFORM pg_advisory_lock_shared(${key});
      PERFORM pg_advisory_unlock_shared(${key});
      IF TG_OP = 'DELETE' THEN RETURN old; END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER ${name} ${when} ${on} ON ${table.split('.').map(escapeIdentifier).join('.')}
    FOR EACH ${level} EXECUTE FUNCTION public.${name}()`)
}

/** A bigint key is its lower half in objid, with objsubid 1. */
async function findWaiting (client: Client, key: number): Promise<number[]> {
  const { rows } = await client.query<{ pid: number }>(`
    SELECT pid FROM pg_locks
    WHERE locktype = 'advisory' AND objid = $1 AND objsubid = 1 AND NOT granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY pid`, [key])
  return rows.map(({ pid }) => pid)
}
