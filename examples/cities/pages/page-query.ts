import type { CityQuery } from '../schemas/index.ts'

export const pageSize = 50

/** The URL of the same list at another offset, without unset filters. */
export function pageUrl (query: CityQuery, offset: number = 0): string {
  const members = new URLSearchParams()
  for (const name of ['q', 'country', 'status', 'sort'] as const) {
    if (query[name] !== undefined) members.set(name, query[name])
  }
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
