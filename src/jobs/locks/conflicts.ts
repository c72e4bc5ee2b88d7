import type { KeyKind, Tables } from '../../database/tables.ts'
import type { Sql } from '../../database/sql.ts'

/** SQL: a selection, and one of its roots. */
interface Own {
  readonly selection: string
  readonly root: string
}

const ofParameters: Own = { selection: '$1', root: '$2' }

/**
 * SQL: the records of own chunks that other jobs hold or wait for, as rows (no, key, selection_id). `theirs` says
 * which chunks of others count. Parameters, unless stated otherwise: $1 the own selection, $2 its root.
 *
 * Pairs of chunks are found by their ranges in the partial index, and only these are intersected.
 */
export function overlaps (tables: Tables, kind: KeyKind, theirs: string, { selection, root }: Own = ofParameters): string {
  const chunk = tables.chunkOf[kind]
  return `
      SELECT own.no, shared.key, theirs.selection_id
      FROM ${chunk} own
      JOIN ${chunk} theirs ON (theirs.living OR theirs.in_line) AND ${theirs} AND theirs.root = own.root
        AND theirs.selection_id <> own.selection_id AND theirs.first <= own.last AND theirs.last >= own.first
      CROSS JOIN LATERAL (SELECT unnest(own.keys) INTERSECT SELECT unnest(theirs.keys)) AS shared (key)
      WHERE own.selection_id = ${selection} AND own.root = ${root} AND own.excluded IS NULL`
}

export interface StoredConflict {
  key: string
  job_id: string
  operation: string
  since: Date
}

/**
 * The records of a selection that living jobs hold, or that a waiting job has a ticket for.
 *
 * Must be a statement of its own after `lockRoots`: together with the lock in one statement, or under REPEATABLE READ,
 * it would look at a snapshot from before the lock was granted, and miss what was committed meanwhile.
 *
 * Input: the selection, its root; how many conflicts to return. Output: these, by key, and their total number.
 */
export async function findConflicts (
  sql: Sql, tables: Tables,
  { kind, selectionId, root, limit }: { kind: KeyKind, selectionId: string, root: string, limit: number }
): Promise<{ conflicts: StoredConflict[], conflictCount: number }> {
  const rows = await sql.query<StoredConflict & { count: string }>(`
    WITH held AS (
      SELECT DISTINCT ON (key) key, selection_id
      FROM (${overlaps(tables, kind, 'true')}) AS pairs
      ORDER BY key, selection_id
    )
    SELECT held.key::text AS key, job.id AS job_id, job.operation, job.created_at AS since, count(*) OVER () AS count
    FROM held
    JOIN ${tables.job} job ON job.selection_id = held.selection_id AND job.finished_at IS NULL
    ORDER BY held.key
    LIMIT $3`, [selectionId, root, limit])
  return {
    conflicts: rows.map(({ count, ...conflict }) => conflict),
    conflictCount: Number(rows[0]?.count ?? 0)
  }
}

/**
 * Takes the records that other jobs hold or wait for out of a selection's own chunks, into excluded chunks
 * behind them. A statement of its own after `lockRoots`, for the reason given at `findConflicts`.
 *
 * Input: the selection, its root, the number of the next chunk. Output: how many records were taken out.
 */
export async function excludeLocked (
  sql: Sql, tables: Tables,
  { kind, selectionId, root, nextNo }: { kind: KeyKind, selectionId: string, root: string, nextNo: number }
): Promise<number> {
  const chunk = tables.chunkOf[kind]
  const [row] = await sql.query<{ excluded: number }>(`
    WITH held AS MATERIALIZED (
      SELECT DISTINCT no, key FROM (${overlaps(tables, kind, 'true')}) AS pairs
    ), split AS MATERIALIZED (
      SELECT own.no, e.key, e.place, e.version, own.versions IS NOT NULL AS versioned, held.key IS NOT NULL AS held
      FROM ${chunk} own
      CROSS JOIN LATERAL unnest(own.keys, own.ord, own.versions) AS e (key, place, version)
      LEFT JOIN held ON held.no = own.no AND held.key = e.key
      WHERE own.selection_id = $1 AND own.root = $2 AND own.excluded IS NULL AND own.no IN (SELECT no FROM held)
    ), parts AS MATERIALIZED (
      SELECT no, held, count(*) AS size, array_agg(key ORDER BY key) AS keys, array_agg(place ORDER BY key) AS ord,
        CASE WHEN bool_and(versioned) THEN array_agg(version ORDER BY key) END AS versions, (array_agg(key ORDER BY key))[1] AS first, (array_agg(key ORDER BY key DESC))[1] AS last
      FROM split
      GROUP BY no, held
    ), kept AS (
      UPDATE ${chunk} own
      SET size = parts.size, keys = parts.keys, ord = parts.ord, versions = parts.versions, first = parts.first, last = parts.last
      FROM parts
      WHERE own.selection_id = $1 AND own.no = parts.no AND NOT parts.held
    ), emptied AS (
      DELETE FROM ${chunk} own
      WHERE own.selection_id = $1 AND own.no IN (SELECT no FROM parts GROUP BY no HAVING bool_and(held))
    ), excluded AS (
      INSERT INTO ${chunk} (selection_id, no, root, living, excluded, size, ord, versions, keys, first, last)
      SELECT $1, $3::int + row_number() OVER (ORDER BY no) - 1, $2, false, 'locked', size, ord, versions, keys, first, last
      FROM parts
      WHERE held
      RETURNING size
    )
    SELECT coalesce(sum(size), 0)::int AS excluded FROM excluded`, [selectionId, root, nextNo])
  return row!.excluded
}

export interface StoredHolder {
  key: string
  job_id: string
  operation: string
  since: Date
  created_by_id: string | null
  created_by_label: string | null
}

/**
 * The jobs that hold records. Waiting jobs hold nothing yet.
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
