import { Type, type TSchema } from '@sinclair/typebox'
import { closed, PreviewId } from './common.ts'
import type { Filter } from './filter.ts'
import type { ProblemItem } from './problem.ts'
import type { AnyRecordKey } from './results.ts'

/** The records of an operation: exactly one of these. */
export type Selection = SelectionByIds | SelectionByFilter | SelectionOfAll | SelectionOfPreview

export interface SelectionByIds {
  readonly ids: readonly AnyRecordKey[]
  /** The version each record was read with, in the order of `ids`. */
  readonly versions?: readonly (number | string)[]
}

export interface SelectionByFilter {
  readonly filter: Filter
  readonly exclude?: readonly AnyRecordKey[]
  readonly expectedCount?: number
}

export interface SelectionOfAll {
  readonly all: true
  readonly exclude?: readonly AnyRecordKey[]
  readonly expectedCount?: number
}

export interface SelectionOfPreview {
  readonly previewId: string
  readonly expectedCount?: number
}

/** The members of which a selection has exactly one. */
export const selectionKinds = ['ids', 'filter', 'all', 'previewId'] as const
export type SelectionKind = typeof selectionKinds[number]

export function selectionKind (selection: Selection): SelectionKind {
  return selectionKinds.find((kind) => kind in selection)!
}

interface SelectionParts {
  readonly id: string
  readonly key: TSchema
  /** The schema of the entity's version property; undefined where it has none. */
  readonly version?: TSchema
  /** The `$id` of the filter's schema; undefined where the resource has no filter fields. */
  readonly filterId?: string
}

/**
 * Four closed shapes that share no member that decides between them: what is given names the one that was meant.
 * More ids than the resource allows are a 413, not an error of the schema.
 */
export function SelectionSchema ({ id, key, version, filterId }: SelectionParts) {
  const exclude = Type.Optional(Type.Array(key, { description: 'Keys of records to leave out.' }))
  const expectedCount = Type.Optional(Type.Integer({
    minimum: 0, description: 'How many records there should be, after `exclude`. Another number is refused (412), and nothing is changed.'
  }))
  const byIds = Type.Object({
    ids: Type.Array(key, { minItems: 1, description: 'Keys of records. A key that is given twice counts once.' }),
    ...(version && {
      versions: Type.Optional(Type.Array(version, {
        minItems: 1, description: 'The version that each record was read with, in the order of `ids`. A record that has changed since is refused.'
      }))
    })
  }, { ...closed, title: 'By ids', description: 'These records.' })
  const byFilter = filterId === undefined
    ? []
    : [Type.Object({ filter: Type.Unsafe<Filter>({ $ref: `${filterId}#` }), exclude, expectedCount },
        { ...closed, title: 'By filter', description: 'All records that match the filter now, frozen.' })]
  const all = Type.Object({ all: Type.Literal(true), exclude, expectedCount },
    { ...closed, title: 'All', description: 'All records that the caller may see, frozen.' })
  const ofPreview = Type.Object({ previewId: PreviewId, expectedCount },
    { ...closed, title: 'Of a preview', description: 'Exactly the records that a preview (dry run) has shown.' })
  return Type.Unsafe<Selection>(Type.Union([byIds, ...byFilter, all, ofPreview], {
    $id: id, title: id, description: `The records of the operation: exactly one of ${[...selectionKinds].filter((kind) => kind !== 'filter' || filterId).join(', ')}.`
  }))
}

/** The errors of a selection that a schema cannot express. */
export function selectionErrors (operation: 'update' | 'delete', selection: Selection, dryRun: boolean = false): ProblemItem[] {
  const errors: ProblemItem[] = []
  if ('ids' in selection && selection.versions !== undefined && selection.versions.length !== selection.ids.length) {
    errors.push({
      path: '/selection/versions',
      message: `one version for each of the ids; given: ${selection.versions.length} for ${selection.ids.length} ids`
    })
  }
  const open = 'filter' in selection || 'all' in selection
  if (operation === 'delete' && !dryRun && open && selection.expectedCount === undefined) {
    errors.push({
      path: '/selection/expectedCount',
      message: 'a delete by filter or of all needs expectedCount, or the previewId of a dry run instead'
    })
  }
  return errors
}
