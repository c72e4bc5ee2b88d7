import type { Client } from 'pg'

/** Where a worker is blocked in its transaction: at the write of a record, or of the result of a chunk. */
export interface BlockingPlace {
  at: 'record' | 'chunk'
  /** The record's id, or the chunk's number. */
  key: number
}

export interface BlockingPoint {
  /** Blocks every transaction that reaches this place. */
  close (place: BlockingPlace): Promise<void>
  /** The process ids of the blocked backends. */
  blockedBackends (): Promise<number[]>
  open (): Promise<void>
}

/** Any number: advisory locks belong to the database, which is the test's own. */
const lockKey = 4711

/** Like the gate of the helpers, but each closing names the place. */
export async function createBlockingPoint (client: Client): Promise<BlockingPoint> {
  await client.query(`
    CREATE TABLE blocking_place (at text, key int);
    CREATE FUNCTION block_here() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 SET search_path = public AS $$
    BEGIN
      IF EXISTS (SELECT FROM blocking_place p WHERE p.at = TG_ARGV[0]
        AND p.key = (to_jsonb(CASE TG_OP WHEN 'DELETE' THEN old ELSE new END) ->> TG_ARGV[1])::int)
      THEN
        PERFORM pg_advisory_lock_shared(${lockKey});
        PERFORM pg_advisory_unlock_shared(${lockKey});
      END IF;
      IF TG_OP = 'DELETE' THEN RETURN old; END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER a_block BEFORE INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION block_here('record', 'id');
    CREATE TRIGGER a_block AFTER UPDATE ON powercrud.job_chunk FOR EACH ROW EXECUTE FUNCTION block_here('chunk', 'no')`)
  let isClosed = false
  return {
    async close ({ at, key }) {
      await client.query('INSERT INTO blocking_place VALUES ($1, $2)', [at, key])
      await client.query(`SELECT pg_advisory_lock(${lockKey})`)
      isClosed = true
    },
    async blockedBackends () {
      const { rows } = await client.query<{ pid: number }>(`
        SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lockKey} AND objsubid = 1 AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
      return rows.map(({ pid }) => pid)
    },
    async open () {
      await client.query('DELETE FROM blocking_place')
      if (isClosed) await client.query(`SELECT pg_advisory_unlock(${lockKey})`)
      isClosed = false
    }
  }
}
