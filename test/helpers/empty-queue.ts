import { DatabaseError, type Client } from 'pg'
import { until } from './until.ts'

/** Makes the queue on PostgreSQL forget everything, whoever works with it meanwhile. */
export async function emptyQueue (client: Client): Promise<void> {
  await until(() => truncateAll(client).then(() => true, isDeadlock), { what: 'a queue that is empty' })
}

async function truncateAll (client: Client): Promise<void> {
  await client.query(`
    DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%' LOOP
        EXECUTE 'TRUNCATE ' || name || ' CASCADE';
      END LOOP;
    END $$`)
}

/** A consumer takes its locks in an order of its own. Answers that nothing is empty yet, or throws what is something else. */
function isDeadlock (error: unknown): false {
  if (error instanceof DatabaseError && error.code === '40P01') return false
  throw error
}
