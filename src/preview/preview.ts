import type { AnyRecordKey, RowResult } from '../../schemas/results.ts'

/** A record as it is, and as it would be. */
export interface PreviewSample {
  id: AnyRecordKey
  /** The fields of the change set, or of a delete all editable ones, as JSON. */
  before: Record<string, unknown>
  /** Null for a record that would be deleted; the same as `before` for one that would be refused. */
  after: Record<string, unknown> | null
}

/** What a delete does to the records that refer to the selected ones. */
export interface PreviewCascade {
  /** The table that refers, and by which of its columns. */
  table: string
  columns: string[]
  /** `cascade`: they would be deleted too. `block`: the delete would be refused. `set_null`, `set_default`: they would lose the reference. */
  effect: 'cascade' | 'block' | 'set_null' | 'set_default'
  count: number
}

export interface Preview {
  previewId: string
  count: number
  sample: PreviewSample[]
  /** At most 100 records that would fail, among the `checkedCount` that were tried in the time there is. */
  failures: RowResult[]
  checkedCount: number
  /** At most 100 records that other jobs hold, of `conflictCount`. */
  conflicts: { id: AnyRecordKey, jobId: string, operation: string, since: string }[]
  conflictCount: number
  cascades: PreviewCascade[]
  expiresAt: string
}
