import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { KeptEvent, LifecycleEvent } from '../event.ts'

export interface ClaimedEvent {
  seq: string
  id: string
  job_id: string
  event: LifecycleEvent
  payload: KeptEvent
  created_at: Date
  /** How often it was taken up, this time included: the claim. */
  attempts: number
  /** A progress that the end of its job has overtaken. */
  is_overtaken: boolean
}

/** Jobs of which somebody hears. */
export interface HeardJobs {
  /** Those of these resources, */
  readonly ofResources: readonly string[]
  /** and, if that is wanted, all (tasks too) but those of these. */
  readonly except: readonly string[]
  readonly elsewhere: boolean
}

/**
 * Takes up the next event that is due. Of each job only the first one in the outbox is: so they are delivered in order,
 * also when several processes deliver at once.
 *
 * Input: how long the claim stands, milliseconds; the jobs whose events are wanted. Output: undefined when nothing is due.
 */
export async function claimEvent (sql: Sql, tables: Tables, { leaseMs, heard }: { leaseMs: number, heard: HeardJobs }): Promise<ClaimedEvent | undefined> {
  const [row] = await sql.query<ClaimedEvent>(`
    WITH next AS (
      SELECT seq AS next_seq FROM ${tables.outbox} AS own
      WHERE due_at <= now()
        AND CASE WHEN own.payload -> 'job' ->> 'resource' = ANY ($2::text[]) THEN own.payload -> 'job' ->> 'resource' = ANY ($3::text[]) ELSE $4 END
        AND NOT EXISTS (SELECT FROM ${tables.outbox} AS before WHERE before.job_id = own.job_id AND before.seq < own.seq)
      ORDER BY due_at, seq
      LIMIT 1
      FOR UPDATE SKIP LOCKED
    )
    UPDATE ${tables.outbox} AS own SET attempts = attempts + 1, due_at = now() + $1 * interval '1 ms'
    FROM next WHERE own.seq = next_seq
    RETURNING own.seq, id, job_id, event, payload, created_at, attempts,
      event = 'progress' AND EXISTS (SELECT FROM ${tables.outbox} AS later WHERE later.job_id = own.job_id AND later.seq > own.seq) AS is_overtaken`, [leaseMs, heard.except, heard.ofResources, heard.elsewhere])
  return row
}

/** What was delivered goes. */
export async function removeEvent (sql: Sql, tables: Tables, { seq, attempts }: Pick<ClaimedEvent, 'seq' | 'attempts'>): Promise<void> {
  await sql.query(`DELETE FROM ${tables.outbox} WHERE seq = $1 AND attempts = $2`, [seq, attempts])
}

/** What could not be delivered is tried again after a while. */
export async function postponeEvent (sql: Sql, tables: Tables, { seq, attempts }: Pick<ClaimedEvent, 'seq' | 'attempts'>, restMs: number): Promise<void> {
  await sql.query(`UPDATE ${tables.outbox} SET due_at = now() + $3 * interval '1 ms' WHERE seq = $1 AND attempts = $2`, [seq, attempts, restMs])
}
