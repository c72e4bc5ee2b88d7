import type { EntityManager } from '@mikro-orm/postgresql'
import type { RowCode } from '../../schemas/results.ts'
import type { Sql } from '../database/sql.ts'

/** Part of a chunk: the records at places `from`…`to` of its sorted keys, counted from 1, both included. */
export interface Slice {
  selectionId: string
  no: number
  from: number
  to: number
  /** Whether the records were selected with the versions that they were read with. */
  versioned?: boolean
}

/** A record that was not written, and why. */
export interface Refusal {
  /** Place within the chunk, from 1. */
  place: number
  outcome: 'failed' | 'skipped'
  code: RowCode
  /** For people; never SQL, never other people's values. */
  message: string
  /** The property that is at fault, where it is known. */
  field?: string
}

/** A writer that only changes columns without foreign keys to them lets other transactions refer to the record meanwhile. */
export type RowLock = 'NO KEY UPDATE' | 'UPDATE'

/** What became of a slice: every record that is not named succeeded. */
export interface SliceOutcome {
  /** Places within the chunk. */
  unchanged: number[]
  missing: number[]
  refused: Refusal[]
}

/** The transaction that a chunk is written in. */
export interface WriteTransaction {
  /** In the transaction, with an identity map of its own. */
  em: EntityManager
  /** The same transaction, for SQL. */
  sql: Sql
}

/**
 * Writes slices of a frozen selection. A writer does not depend on jobs, fencing tokens or savepoints; what it cannot write
 * it throws, and the run finds the records at fault by bisecting the slice.
 */
export interface Writer {
  /** The properties that it writes: where an error leaves open which one is at fault. */
  readonly fields: readonly string[]
  /** The lock that its statements take on the records. */
  readonly lock: RowLock
  /** Records of a slice at most, for a writer that holds them in memory. */
  readonly sliceAtMost?: number
  /** @param onDone reports, where the writer knows, that the records up to a place of the chunk are done with */
  write (transaction: WriteTransaction, slice: Slice, onDone?: (place: number) => void): Promise<SliceOutcome>
}

/** `set`: one statement per slice. `entity`: records loaded, changed and flushed. `persistence`: the application's own class. */
export type WriteWay = 'set' | 'entity' | 'persistence'

export interface WriterChoice {
  readonly way: WriteWay
  /** For people who wonder why it is slow, or why a hook does not run. */
  readonly why: string
}

/** How a resource is written, by operation. */
export interface Writing {
  readonly update: WriterChoice
  readonly delete: WriterChoice
}
