import type { Sql } from '../../database/sql.ts'
import type { Tables, KeyKind } from '../../database/tables.ts'
import type { JobSpec } from '../../engine/job-row.ts'

export interface NewPreview {
  id: string
  resource: string
  operation: string
  spec: JobSpec
  userId: string | null
  total: number
  chunkCount: number
  /** How long it may be executed, milliseconds. */
  ttlMs: number
}

/** Keeps a preview. Output: until when. */
export async function insertPreview (sql: Sql, tables: Tables, preview: NewPreview): Promise<Date> {
  const [row] = await sql.query<{ expires_at: Date }>(`
    INSERT INTO ${tables.preview} (id, resource, operation, spec, created_by_id, total, chunk_count, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8 * interval '1 ms')
    RETURNING expires_at`, [
    preview.id, preview.resource, preview.operation, JSON.stringify(preview.spec), preview.userId, preview.total, preview.chunkCount, preview.ttlMs
  ])
  return row!.expires_at
}

/** The records of a preview that is being executed are locked from the commit on. */
export async function holdPreview (sql: Sql, tables: Tables, selectionId: string): Promise<void> {
  await sql.query(`UPDATE ${tables.chunk} SET living = true WHERE selection_id = $1 AND excluded IS NULL`, [selectionId])
}

export interface ConsumedPreview {
  operation: string
  spec: JobSpec
  created_by_id: string | null
  total: number
  chunk_count: number
}

/**
 * Takes a preview out, to be executed: once, since a second caller waits for the first one's commit and then finds
 * nothing. Output: undefined for one that is unknown, expired, executed, or of another resource.
 */
export async function consumePreview (
  sql: Sql, tables: Tables, { id, resource }: { id: string, resource: string }
): Promise<ConsumedPreview | undefined> {
  const [row] = await sql.query<ConsumedPreview>(`
    DELETE FROM ${tables.preview} WHERE id = $1 AND resource = $2 AND expires_at > now()
    RETURNING operation, spec, created_by_id, total, chunk_count`, [id, resource])
  return row
}

export interface FrozenChunk {
  no: number
  size: number
  /** Stored keys, sorted, and each one's place in the user's selection. */
  keys: string[]
  ord: number[]
  /** Whether they were selected with the versions that they were read with. */
  versioned: boolean
}

/** The next chunk of a selection that has something to write, after number `after`. */
export async function readFrozenChunk (
  sql: Sql, tables: Tables, { kind, selectionId, after }: { kind: KeyKind, selectionId: string, after: number }
): Promise<FrozenChunk | undefined> {
  const [row] = await sql.query<FrozenChunk>(`
    SELECT no, size, keys::text[] AS keys, ord, versions IS NOT NULL AS versioned FROM ${tables.chunkOf[kind]}
    WHERE selection_id = $1 AND no > $2 AND excluded IS NULL ORDER BY no LIMIT 1`, [selectionId, after])
  return row
}
