import type { CityQuery } from '../schemas/index.ts'

export const pageSize = 50

/** The filters that are set, in the order of the form. */
export function filtersOf (query: CityQuery): Record<string, string> {
  const names = ['q', 'country', 'status', 'sort'] as const
  return Object.fromEntries(names.flatMap((name) => query[name] === undefined ? [] : [[name, query[name]]]))
}

/** The URL of the same list at another offset, without unset filters. */
export function pageUrl (query: CityQuery, offset: number = 0): string {
  const members = new URLSearchParams(filtersOf(query))
  if (offset > 0) members.set('offset', String(offset))
  return members.size === 0 ? '/' : `/?${members.toString()}`
}

/** The bulk selection of the same cities. The bulk routes refuse an empty filter: all records must be requested as `all`. */
export function selectionOf ({ country, status, q }: CityQuery): { filter: object } | { all: true } {
  const filter = {
    ...(country === undefined ? {} : { country }),
    ...(status === undefined ? {} : { status }),
    ...(q === undefined ? {} : { name: { contains: q } })
  }
  return Object.keys(filter).length === 0 ? { all: true } : { filter }
}
