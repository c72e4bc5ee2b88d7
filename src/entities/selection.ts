import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { WireKey } from './record-key.ts'

/** What a request asks to work on, as its schema lets it through: exactly one of the four. */
export type Selection =
  | { ids: WireKey[], versions?: (number | string)[] }
  | { filter: Record<string, unknown>, exclude?: WireKey[], expectedCount?: number }
  | { all: true, exclude?: WireKey[], expectedCount?: number }
  | { previewId: string, expectedCount?: number }

/** The records that the caller of a selection may see. */
export interface SelectionView {
  /** Gives MikroORM's filters (soft delete, tenant) their parameters. */
  em: EntityManager
  /** The resource's `scope` for this request; records outside are missing. */
  scope: FilterQuery<object> | undefined
  /** Which records a reference may be set to, beyond what MikroORM's filters say; for all undefined. */
  choiceCondition?: (field: string) => Promise<FilterQuery<object> | undefined>
}

/** A frozen selection. */
export interface FrozenSelection {
  /** All records asked for, those that are missing included. */
  total: number
  /** Records that were found, and are locked from the launch on. */
  present: number
  /** Chunks that were written, numbered from 0. */
  chunkCount: number
}
