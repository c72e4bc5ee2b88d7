import type { Sql } from '../../database/sql.ts'
import type { Tables } from '../../database/tables.ts'
import type { StoredEvent, LifecycleEvent } from '../../engine/lifecycle-events.ts'

/** Puts events of a job into the outbox, in order. Input: milliseconds before which they are not delivered. */
export async function insertEvents (
  sql: Sql, tables: Tables, { jobId, events, kept, holdMs }: { jobId: string, events: readonly { id: string, event: LifecycleEvent }[], kept: StoredEvent, holdMs: number }
): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.outbox} (id, job_id, event, payload, created_at, due_at)
    SELECT e.id, $1, e.event, $4, clock_timestamp(), clock_timestamp() + $5 * interval '1 ms'
    FROM unnest($2::uuid[], $3::text[]) WITH ORDINALITY AS e (id, event, place)
    ORDER BY e.place`, [jobId, events.map(({ id }) => id), events.map(({ event }) => event), JSON.stringify(kept), holdMs])
}

/**
 * Puts the progress of a job into the outbox: in place of earlier progress that is not delivered yet, and only while
 * the claim stands. The job's row is shared until then, so that the end of the job comes after its progress, or instead.
 */
export async function replaceProgressEvent (
  sql: Sql, tables: Tables, { id, jobId, fence, kept }: { id: string, jobId: string, fence: number, kept: StoredEvent }
): Promise<void> {
  await sql.query(`
    WITH living AS MATERIALIZED (
      SELECT FROM ${tables.job} WHERE id = $2 AND fence = $3 AND finished_at IS NULL FOR SHARE
    ), renewed AS (
      UPDATE ${tables.outbox} SET payload = $4
      WHERE job_id = $2 AND event = 'progress' AND attempts = 0 AND EXISTS (SELECT FROM living) RETURNING 1
    )
    INSERT INTO ${tables.outbox} (id, job_id, event, payload)
    SELECT $1, $2, 'progress', $4 FROM living WHERE NOT EXISTS (SELECT FROM renewed)`, [id, jobId, fence, JSON.stringify(kept)])
}

export interface ClaimedEvent {
  seq: string
  id: string
  job_id: string
  event: LifecycleEvent
  payload: StoredEvent
  created_at: Date
  /** How often it was taken up, this time included: the claim. */
  attempts: number
  /** A progress that the end of its job has overtaken. */
  is_overtaken: boolean
}

/** Jobs whose events have a subscriber. */
export interface SubscribedJobs {
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
export async function claimEvent (sql: Sql, tables: Tables, { leaseMs, subscribed }: { leaseMs: number, subscribed: SubscribedJobs }): Promise<ClaimedEvent | undefined> {
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
      event = 'progress' AND EXISTS (SELECT FROM ${tables.outbox} AS later WHERE later.job_id = own.job_id AND later.seq > own.seq) AS is_overtaken`, [leaseMs, subscribed.except, subscribed.ofResources, subscribed.elsewhere])
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

/** The job is enqueued, so it is not withdrawn any more, and its events may be delivered. */
export async function releaseEvents (sql: Sql, tables: Tables, jobId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.outbox} SET due_at = now() WHERE job_id = $1 AND attempts = 0 AND due_at > now()`, [jobId])
}

/** Gives up events that could not be delivered for very long, or that have no subscriber any more. Output: how many. */
export async function removeStaleEvents (sql: Sql, tables: Tables, { before }: { before: Date }): Promise<number> {
  const [row] = await sql.query<{ count: number }>(`
    WITH removed AS (
      DELETE FROM ${tables.outbox} WHERE created_at < $1 RETURNING 1
    )
    SELECT count(*)::int AS count FROM removed`, [before])
  return row!.count
}
