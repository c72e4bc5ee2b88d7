import { DatabaseError, type Client } from 'pg'
import { until } from './until.ts'

/** Deletes all entries of the queue on PostgreSQL, also while consumers use it. */
export async function emptyQueue (client: Client): Promise<void> {
  await until(() => truncateAll(client).then(() => true, isDeadlock), { what: 'the queue to be emptied' })
}

async function truncateAll (client: Client): Promise<void> {
  await client.query(`
    DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%' LOOP
        EXECUTE 'TRUNCATE ' || name || ' CASCADE';
      END LOOP;
    END $$`)
}

/** Returns false for a deadlock, since consumers take their locks in another order; rethrows any other error. */
function isDeadlock (error: unknown): false {
  if (error instanceof DatabaseError && error.code === '40P01') return false
  throw error
}
