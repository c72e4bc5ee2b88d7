import type { FilterQuery, QueryOrderMap } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { City } from '../entities/index.ts'
import type { CityJson, CityQuery, CitySort, CityWithTagsJson, TagJson } from '../schemas/index.ts'

export interface CityPage { total: number, cities: City[] }

/** One page of the cities that match, sorted, and how many match in all. */
export async function selectCities (em: EntityManager, { limit = 50, offset = 0, sort = 'id', ...query }: CityQuery): Promise<CityPage> {
  const [cities, total] = await em.findAndCount(City, conditionsOf(query), { limit, offset, orderBy: orderOf(sort) })
  return { total, cities }
}

/** Ends with the id, so that no city is on two pages. */
function orderOf (sort: CitySort): QueryOrderMap<City>[] {
  const column = sort.replace(/^-/, '')
  const direction = sort.startsWith('-') ? 'desc' : 'asc'
  if (column === 'id') return [{ id: direction }]
  const order = `${direction} nulls last` as const
  return [column === 'country' ? { country: { name: order } } : { [column]: order }, { id: 'asc' }]
}

function conditionsOf ({ country, status, q }: CityQuery): FilterQuery<City> {
  return {
    ...(country === undefined ? {} : { country }),
    ...(status === undefined ? {} : { status }),
    ...(q === undefined ? {} : { name: { $ilike: `%${escapeLike(q)}%` } })
  }
}

function escapeLike (text: string): string {
  return text.replaceAll(/[\\%_]/g, '\\$&')
}

export function cityJson (city: City): CityJson {
  return {
    id: city.id,
    name: city.name,
    country: city.country.code,
    population: city.population,
    featureCode: city.featureCode,
    status: city.status,
    priority: city.priority ?? null,
    notes: city.notes ?? null,
    reviewedAt: city.reviewedAt?.toISOString() ?? null,
    version: city.version,
    updatedAt: city.updatedAt.toISOString()
  }
}

/** The tags must have been loaded. */
export function cityWithTagsJson (city: City): CityWithTagsJson {
  return { ...cityJson(city), tags: city.tags.getItems().map(tagJson).sort((one, other) => one.id - other.id) }
}

export function tagJson ({ id, name }: { id: number, name: string }): TagJson {
  return { id, name }
}
