import type { EntityManager } from '@mikro-orm/postgresql'
import type { ChangeSet } from '../../schemas/change-set.ts'
import type { AnyRecordKey } from '../../schemas/results.ts'

/** A part of a job's records, for the application's own class to write. */
export interface PersistenceChunk {
  /** In the job's transaction, with an identity map of its own. It is flushed afterwards; it must neither commit nor roll back. */
  readonly em: EntityManager
  readonly mode: 'update' | 'delete'
  /** The name of the resource. */
  readonly resource: string
  /** The keys of the records, as in JSON and in their order. They are there, and locked. A thousand at most. */
  readonly keys: readonly AnyRecordKey[]
  /** The change set of an update, validated, as it came in JSON; empty for a delete. */
  readonly set: ChangeSet
  /** Who launched the job; null for an anonymous caller. */
  readonly user: { readonly id: string, readonly label: string } | null
  /** Null while a preview tries out what would happen. */
  readonly job: { readonly id: string, readonly reason: string | null } | null
  /** Reports how many of these records are done, for live progress. */
  progress (doneCount: number): void
}

/** What became of the records; those that are not named were written. */
export interface PersistenceResult {
  /** Records that had the values already. */
  readonly unchanged?: readonly AnyRecordKey[]
  /** Records that were refused by themselves; the others are written. */
  readonly refused?: readonly { readonly key: AnyRecordKey, readonly message: string, readonly field?: string }[]
}

/**
 * The application's own way to write records: option `persistence`, a class constructed once per job with
 * `persistenceConfig`. The same in a request, in a worker on another machine, and in a preview, whose transaction is
 * rolled back; it is called again for the same records whenever a transaction is.
 *
 * What it throws refuses the whole of the chunk, which is then given again in halves until the records at fault stand
 * alone: `recordRefused` in its own words, what the database refuses in the words of the constraint, anything else as
 * `hook_failed`, with its cause in the log only.
 */
export interface Persistence {
  writeChunk (chunk: PersistenceChunk): Promise<PersistenceResult | void> | PersistenceResult | void
}

/** Constructed with `persistenceConfig`. */
export type PersistenceClass<Config = object | undefined> = new (config: Config) => Persistence
