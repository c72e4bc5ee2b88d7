import type { Client } from 'pg'

/** Where a worker stands still in its transaction: at the write of a record, or of what became of a chunk. */
export interface StandingPlace {
  at: 'record' | 'chunk'
  /** The record's id, or the chunk's number. */
  key: number
}

export interface Stand {
  /** From now on whoever comes to this place stands still there. */
  close (place: StandingPlace): Promise<void>
  /** The backends that stand there. */
  standing (): Promise<number[]>
  open (): Promise<void>
}

/** Any number: advisory locks belong to the database, which is the test's own. */
const lockKey = 4711

/** A gate like that of the helpers, which is told anew for each closing where it is. */
export async function createStand (client: Client): Promise<Stand> {
  await client.query(`
    CREATE TABLE standing_place (at text, key int);
    CREATE FUNCTION stand_still() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 SET search_path = public AS $$
    BEGIN
      IF EXISTS (SELECT FROM standing_place p WHERE p.at = TG_ARGV[0]
        AND p.key = (to_jsonb(CASE TG_OP WHEN 'DELETE' THEN old ELSE new END) ->> TG_ARGV[1])::int)
      THEN
        PERFORM pg_advisory_lock_shared(${lockKey});
        PERFORM pg_advisory_unlock_shared(${lockKey});
      END IF;
      IF TG_OP = 'DELETE' THEN RETURN old; END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER a_stand BEFORE INSERT OR UPDATE OR DELETE ON item FOR EACH ROW EXECUTE FUNCTION stand_still('record', 'id');
    CREATE TRIGGER a_stand AFTER UPDATE ON powercrud.job_chunk FOR EACH ROW EXECUTE FUNCTION stand_still('chunk', 'no')`)
  let isClosed = false
  return {
    async close ({ at, key }) {
      await client.query('INSERT INTO standing_place VALUES ($1, $2)', [at, key])
      await client.query(`SELECT pg_advisory_lock(${lockKey})`)
      isClosed = true
    },
    async standing () {
      const { rows } = await client.query<{ pid: number }>(`
        SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = ${lockKey} AND objsubid = 1 AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)
      return rows.map(({ pid }) => pid)
    },
    async open () {
      await client.query('DELETE FROM standing_place')
      if (isClosed) await client.query(`SELECT pg_advisory_unlock(${lockKey})`)
      isClosed = false
    }
  }
}
