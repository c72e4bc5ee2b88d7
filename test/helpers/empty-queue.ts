import type { Client } from 'pg'

/** Makes the queue on PostgreSQL forget everything. */
export async function emptyQueue (client: Client): Promise<void> {
  await client.query(`
    DO $$ DECLARE name text; BEGIN
      FOR name IN SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bullmq' AND tablename NOT LIKE '%migration%' LOOP
        EXECUTE 'TRUNCATE ' || name || ' CASCADE';
      END LOOP;
    END $$`)
}
