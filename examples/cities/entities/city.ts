import { defineEntity, p, type InferEntity } from '@mikro-orm/core'
import { Country } from './country.ts'
import { Tag } from './tag.ts'

/** Where a city stands in the review by people. */
export const cityStatuses = ['unreviewed', 'verified', 'flagged', 'archived'] as const

export type CityStatus = (typeof cityStatuses)[number]

/** A populated place of GeoNames, with what people add to it. */
export const City = defineEntity({
  name: 'City',
  properties: {
    id: p.integer().primary().autoincrement(false),
    name: p.string(),
    country: () => p.manyToOne(Country).ref().index(),
    population: p.integer(),
    featureCode: p.string().length(10),
    status: p.enum(cityStatuses).default('unreviewed'),
    priority: p.integer().nullable(),
    notes: p.text().nullable(),
    reviewedAt: p.datetime().nullable(),
    tags: () => p.manyToMany(Tag),
    version: p.integer().version(),
    updatedAt: p.datetime().defaultRaw('now()').onUpdate(() => new Date())
  },
  checks: [{
    name: 'city_capital_not_archived',
    expression: "not (feature_code = 'PPLC' and status = 'archived')"
  }]
})

export type City = InferEntity<typeof City>
