import type { Resource } from '../../resources/resource.ts'
import type { Pivot } from '../members.ts'
import type { Slice } from '../writer.ts'
import { sliceValues } from './slice-keys.ts'

/** Where members are changed: the records of a slice, in a pivot table. */
export interface MembersAt {
  resource: Resource
  slice: Slice
  pivot: Pivot
}

/** SQL: the members that were given, in their order, as rows `m (member, place)`. It takes the parameter $5. */
export const givenMembers = 'jsonb_array_elements($5::jsonb) WITH ORDINALITY AS m (member, place)'

/** The parameters of the slice, and $5. */
export function memberValues (slice: Slice, members: readonly (readonly string[])[]): unknown[] {
  return [...sliceValues(slice), JSON.stringify(members)]
}

/** SQL: the parts of a given member's key. */
export function memberParts ({ casts }: Pivot): string[] {
  return casts.map((cast, index) => `(m.member ->> ${index})${cast}`)
}

/** SQL: whether a row of the pivot table is about record `t`. */
export function isAbout ({ key }: Resource, { own }: Pivot, alias: string): string {
  return key.columns.map(({ column }, index) => `${alias}.${own[index]!} = t.${column}`).join(' AND ')
}
