import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { KeptEvent, LifecycleEvent } from '../event.ts'

/** Puts events of a job into the outbox, in order. Input: milliseconds before which nobody delivers them. */
export async function insertEvents (
  sql: Sql, tables: Tables, { jobId, events, kept, holdMs }: { jobId: string, events: readonly { id: string, event: LifecycleEvent }[], kept: KeptEvent, holdMs: number }
): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.outbox} (id, job_id, event, payload, due_at)
    SELECT e.id, $1, e.event, $4, now() + $5 * interval '1 ms'
    FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS e (id, event, place)
    ORDER BY e.place`, [jobId, events.map(({ id }) => id), events.map(({ event }) => event), JSON.stringify(kept), holdMs])
}
