import type { Sql } from '../../database/sql.ts'
import type { KeyKind, Tables } from '../../database/tables.ts'

export interface StoredHolder {
  key: string
  job_id: string
  operation: string
  since: Date
  created_by_id: string | null
  created_by_label: string | null
}

/**
 * Who holds records. Jobs that stand in line for them hold nothing yet.
 *
 * Input: a root, stored keys; a selection that does not count (of the job that asks). Output: those that are held, by key.
 */
export async function findHolders (
  sql: Sql, tables: Tables, { kind, root, keys, except }: { kind: KeyKind, root: string, keys: readonly string[], except: string | undefined }
): Promise<StoredHolder[]> {
  return sql.query<StoredHolder>(`
    SELECT wanted.key::text AS key, job.id AS job_id, job.operation, job.created_at AS since, job.created_by_id, job.created_by_label
    FROM unnest($2::${kind}[]${kind === 'text' ? ' COLLATE "C"' : ''}) AS wanted (key)
    JOIN ${tables.chunkOf[kind]} theirs ON (theirs.living OR theirs.in_line) AND theirs.living AND theirs.root = $1
      AND theirs.first <= wanted.key AND theirs.last >= wanted.key AND theirs.keys[width_bucket(wanted.key, theirs.keys)] = wanted.key
    JOIN ${tables.job} job ON job.selection_id = theirs.selection_id AND job.finished_at IS NULL
    WHERE theirs.selection_id IS DISTINCT FROM $3::uuid
    ORDER BY wanted.key`, [root, keys, except ?? null])
}
