import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

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
