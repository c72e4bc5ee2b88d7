import type { FilterQuery } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { City } from '../entities/index.ts'
import type { CityJson, CityQuery, CityWithTagsJson, TagJson } from '../schemas/index.ts'

export interface CityPage { total: number, cities: City[] }

/** One page of the cities that match, ordered by id, and how many match in all. */
export async function selectCities (em: EntityManager, { limit = 50, offset = 0, ...query }: CityQuery): Promise<CityPage> {
  const [cities, total] = await em.findAndCount(City, conditionsOf(query), { limit, offset, orderBy: { id: 'asc' } })
  return { total, cities }
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
