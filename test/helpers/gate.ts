import { randomInt } from 'node:crypto'
import { escapeIdentifier, type Client } from 'pg'
import type { TestDatabase } from './database.ts'
import { until } from './until.ts'

export interface GateOptions {
  /** With its schema where that is not `public`: `powercrud.job`. */
  table: string
  on: 'insert' | 'update' | 'delete'
  /** `before` or `after` the statement's rows are written; `after` by default. */
  when?: 'before' | 'after'
  /** SQL over `new` and `old`: only rows for which it is true wait at the gate. Without it every statement does, once. */
  row?: string
}

export interface Gate {
  close (): Promise<void>
  /** Lets all statements pass, waiting and later ones. */
  open (): Promise<void>
  /** Resolves to the pids of the backends that wait at the closed gate, once there are `count`. */
  waitUntilReached (options?: { count?: number, deadlineMs?: number }): Promise<number[]>
}

/**
 * A gate on a table, open at first. While it is closed, statements on the table wait inside their transaction, between
 * their write and the COMMIT, so that a test can act at exactly that moment.
 */
export async function createGate (database: TestDatabase, options: GateOptions): Promise<Gate> {
  const key = randomInt(2 ** 31)
  // The session that holds the gate closed: a session-level lock needs no transaction, and lasts as long as the session.
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
 * The lock is shared and released at once, so that `close` never waits for a statement that has passed the gate.
 * lock_timeout applies to the code under test, not to waiting at the gate.
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
