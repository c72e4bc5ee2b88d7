import type { JobStatus } from '../../../schemas/job.ts'
import type { Sql } from '../../database/sql.ts'
import { type KeyKind, type Tables, keyKinds } from '../../database/tables.ts'
import type { LockSet } from './conflict-set.ts'
import { chunkSize } from '../selection/freeze.ts'

/**
 * Adds keys to a selection as a living chunk behind the ones that it has: locks without work.
 * Input: sorted stored keys. The caller holds the root's advisory lock.
 */
export async function freezeLocks (
  sql: Sql, tables: Tables, { kind, root, selectionId, keys }: { kind: KeyKind, root: string, selectionId: string, keys: readonly string[] }
): Promise<void> {
  await sql.query(`
    INSERT INTO ${tables.chunkOf[kind]} (selection_id, no, root, living, size, keys, first, last)
    SELECT $1, (SELECT coalesce(max(no), -1) + 1 FROM ${tables.chunk} WHERE selection_id = $1), $2, true,
      cardinality($3::${kind}[]), $3, $3[1], $3[cardinality($3::${kind}[])]`, [selectionId, root, keys])
}

/**
 * What a task was launched with the locks of, by table, without what it has locked later. What it gave back before it ended
 * is not among it any more.
 *
 * Input: the selection, and how many chunks it had at the launch. Output: stored keys.
 */
export async function readLaunchLocks (
  sql: Sql, tables: Tables, { selectionId, lockChunks }: { selectionId: string, lockChunks: number }
): Promise<{ root: string, keys: string[] }[]> {
  if (lockChunks === 0) return []
  return sql.query<{ root: string, keys: string[] }>(`
    SELECT root, array_agg(key) AS keys
    FROM (${keyKinds.map((kind) => `
      SELECT root, unnest(keys)::text AS key FROM ${tables.chunkOf[kind]} WHERE selection_id = $1 AND no < $2`).join(' UNION ALL ')}) AS locked
    GROUP BY root
    ORDER BY root`, [selectionId, lockChunks])
}

/**
 * Keeps a job from ending until the transaction is over. Only for short transactions that are not the job's own: its row
 * is what heartbeats and chunks write.
 *
 * Input: the job, and the claim that must still stand (undefined: any). Output: undefined when it has ended, or is another
 * worker's.
 */
export async function shareLivingJob (
  sql: Sql, tables: Tables, { id, fence }: { id: string, fence: number | undefined }
): Promise<{ selection_id: string, status: JobStatus } | undefined> {
  const [row] = await sql.query<{ selection_id: string, status: JobStatus }>(`
    SELECT selection_id, status FROM ${tables.job}
    WHERE id = $1 AND ($2::int IS NULL OR fence = $2) AND finished_at IS NULL
    FOR SHARE`, [id, fence ?? null])
  return row
}

/**
 * Gives back locks that a living job has beside its work, and no others: those of its chunks that have no `job_chunk`.
 *
 * Input: the job; a root and stored keys. Output: how many records were given back.
 */
export async function removeLocks (
  sql: Sql, tables: Tables, { jobId, kind, root, keys }: { jobId: string, kind: KeyKind, root: string, keys: readonly string[] }
): Promise<number> {
  const chunk = tables.chunkOf[kind]
  const collation = kind === 'text' ? ' COLLATE "C"' : ''
  const [row] = await sql.query<{ removed: number }>(`
    WITH touched AS MATERIALIZED (
      SELECT own.selection_id, own.no, own.keys AS had, kept.keys AS keeps
      FROM ${tables.job} job
      JOIN ${chunk} own ON own.selection_id = job.selection_id AND own.root = $2 AND own.living
      CROSS JOIN LATERAL (SELECT array_agg(e.key ORDER BY e.key) AS keys FROM unnest(own.keys) AS e (key) WHERE e.key <> ALL ($3::${kind}[]${collation})) AS kept
      WHERE job.id = $1 AND job.finished_at IS NULL
        AND NOT EXISTS (SELECT FROM ${tables.jobChunk} work WHERE work.job_id = job.id AND work.no = own.no)
        AND own.keys && $3::${kind}[]
    ), emptied AS (
      DELETE FROM ${chunk} own USING touched WHERE own.selection_id = touched.selection_id AND own.no = touched.no AND touched.keeps IS NULL
    ), shrunk AS (
      UPDATE ${chunk} own SET keys = touched.keeps, size = cardinality(touched.keeps), first = touched.keeps[1], last = touched.keeps[cardinality(touched.keeps)]
      FROM touched WHERE own.selection_id = touched.selection_id AND own.no = touched.no AND touched.keeps IS NOT NULL
    )
    SELECT coalesce(sum(cardinality(had) - coalesce(cardinality(keeps), 0)), 0)::int AS removed FROM touched`, [jobId, root, keys])
  return row!.removed
}

/** Releases every record that a selection holds or waits for, of all root tables; part of the transaction that ends its job. */
export async function releaseSelection (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = false, in_line = false WHERE selection_id = $1 AND (living OR in_line)`, [selectionId])
}

/** Adds records to a selection, in chunks behind those that it has. The caller holds the root's advisory lock. */
export async function freezeLockSet (sql: Sql, tables: Tables, selectionId: string, { lockable: { root, key: { kind } }, keys }: LockSet): Promise<void> {
  for (let start = 0; start < keys.length; start += chunkSize) {
    await freezeLocks(sql, tables, { kind, root, selectionId, keys: keys.slice(start, start + chunkSize) })
  }
}
