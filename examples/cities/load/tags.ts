import type { Land, Place } from './places.ts'

/** The tags there are at first, each with the places that plainly deserve it. */
export interface FirstTag { id: number, name: string, belongsTo: (place: Place, land: Land) => boolean }

export const firstTags: FirstTag[] = [
  { id: 1, name: 'coastal', belongsTo: (place, land) => isSmallIsland(land) || seaside.test(place.name) },
  { id: 2, name: 'historic', belongsTo: (place) => historicPlaces.includes(place.featureCode) },
  { id: 3, name: 'university', belongsTo: (place) => place.population >= 500_000 }
]

/** Names that only a place by the sea has. */
const seaside = /\b(?:sur[- ]mer|plage|[ao]n[- ]sea|by[- ]the[- ]sea|al mare|a mare|ostseebad)\b/i

/** GeoNames' codes for a historical capital and a historical populated place. */
const historicPlaces = ['PPLCH', 'PPLH']

/** Nowhere on it is far from the coast. */
function isSmallIsland ({ landlocked, borders, area }: Land): boolean {
  return !landlocked && borders.length === 0 && area < 1000
}
