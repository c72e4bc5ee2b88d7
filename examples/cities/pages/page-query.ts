import type { CityQuery } from '../schemas/index.ts'

export const pageSize = 50

/** The query of the same page with another offset, without what is not set. */
export function addressOf (query: CityQuery, offset: number = 0): string {
  const members = new URLSearchParams()
  for (const name of ['q', 'country', 'status'] as const) {
    if (query[name] !== undefined) members.set(name, query[name])
  }
  if (offset > 0) members.set('offset', String(offset))
  return members.size === 0 ? '/' : `/?${members.toString()}`
}

/** What the bulk routes call the same set of cities. An empty filter is not a filter: everything must be asked for by name. */
export function selectionOf ({ country, status, q }: CityQuery): { filter: object } | { all: true } {
  const filter = {
    ...(country === undefined ? {} : { country }),
    ...(status === undefined ? {} : { status }),
    ...(q === undefined ? {} : { name: { contains: q } })
  }
  return Object.keys(filter).length === 0 ? { all: true } : { filter }
}
