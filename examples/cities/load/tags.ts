import type { CountryRecord, Place } from './places.ts'

/** The tags to begin with, each with the rule for the places that get it. */
export interface InitialTag { id: number, name: string, applies: (place: Place, country: CountryRecord) => boolean }

export const initialTags: InitialTag[] = [
  { id: 1, name: 'coastal', applies: (place, country) => isSmallIsland(country) || seaside.test(place.name) },
  { id: 2, name: 'historic', applies: (place) => historicPlaces.includes(place.featureCode) },
  { id: 3, name: 'university', applies: (place) => place.population >= 500_000 }
]

/** Names that only places by the sea have. */
const seaside = /\b(?:sur[- ]mer|plage|[ao]n[- ]sea|by[- ]the[- ]sea|al mare|a mare|ostseebad)\b/i

/** GeoNames' codes for a historical capital and a historical populated place. */
const historicPlaces = ['PPLCH', 'PPLH']

/** No place on it is far from the coast. */
function isSmallIsland ({ landlocked, borders, area }: CountryRecord): boolean {
  return !landlocked && borders.length === 0 && area < 1000
}
