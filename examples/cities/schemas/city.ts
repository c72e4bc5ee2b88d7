import { Type, type Static } from '@sinclair/typebox'
import { cityStatuses, type CityStatus } from '../entities/index.ts'
import { nullable } from './nullable.ts'
import { reference } from './reference.ts'
import { TagSchema } from './tag.ts'

const StatusSchema = Type.Unsafe<CityStatus>({ type: 'string', enum: [...cityStatuses] })
const CountryCodeSchema = Type.String({ pattern: '^[A-Z]{2}$', description: 'ISO 3166-1 code of two letters' })
const InstantSchema = Type.String({ format: 'date-time' })
const PrioritySchema = Type.Integer({ minimum: -2147483648, maximum: 2147483647 })

// PostgreSQL cannot store the character NUL in a text.
const NotesSchema = Type.String({ maxLength: 10_000, pattern: '^[^\\u0000]*$' })

const cityMembers = {
  id: Type.Integer(),
  name: Type.String(),
  country: CountryCodeSchema,
  population: Type.Integer(),
  featureCode: Type.String({ description: "GeoNames' feature code: PPLC is the capital of a country" }),
  status: StatusSchema,
  priority: nullable(PrioritySchema),
  notes: nullable(NotesSchema),
  reviewedAt: nullable(InstantSchema),
  version: Type.Integer({ description: 'grows with every change' }),
  updatedAt: InstantSchema
}

export const CitySchema = Type.Object(cityMembers, { $id: 'City', additionalProperties: false })

export type CityJson = Static<typeof CitySchema>

export const CityWithTagsSchema = Type.Object({
  ...cityMembers,
  tags: Type.Array(reference(TagSchema))
}, { $id: 'CityWithTags', additionalProperties: false })

export type CityWithTagsJson = Static<typeof CityWithTagsSchema>

export const CityListSchema = Type.Object({
  total: Type.Integer({ description: 'how many match, on all pages' }),
  items: Type.Array(reference(CitySchema))
}, { $id: 'CityList', additionalProperties: false })

/** The columns that a list of cities can be sorted by. */
export const sortColumns = ['id', 'name', 'country', 'population', 'status', 'priority', 'reviewedAt'] as const

export type SortColumn = (typeof sortColumns)[number]

/** A column, or with a minus a column in descending order. */
export type CitySort = SortColumn | `-${SortColumn}`

const CitySortSchema = Type.Unsafe<CitySort>({
  type: 'string',
  enum: sortColumns.flatMap((column) => [column, `-${column}`]),
  description: 'The column to sort by, with a minus in descending order; id if not given. Countries are sorted by their name, equal cities by id, and empty values come last.'
})

export const CityQuerySchema = Type.Object({
  country: Type.Optional(CountryCodeSchema),
  status: Type.Optional(StatusSchema),
  q: Type.Optional(Type.String({ maxLength: 200, pattern: '^[^\\u0000]*$', description: 'a part of the name, in any case' })),
  sort: Type.Optional(CitySortSchema),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: '50 if not given' })),
  offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 2147483647, description: '0 if not given' }))
}, { additionalProperties: false })

export type CityQuery = Static<typeof CityQuerySchema>

export const CityKeySchema = Type.Object({
  id: Type.Integer({ minimum: 1, maximum: 2147483647 })
})

export const CityPatchSchema = Type.Object({
  status: Type.Optional(StatusSchema),
  priority: Type.Optional(nullable(PrioritySchema)),
  notes: Type.Optional(nullable(NotesSchema)),
  reviewedAt: Type.Optional(nullable(InstantSchema)),
  country: Type.Optional(CountryCodeSchema),
  tags: Type.Optional(Type.Array(Type.Integer(), { maxItems: 100, description: 'ids; these and no others' }))
}, { $id: 'CityPatch', additionalProperties: false, minProperties: 1 })

export type CityPatch = Static<typeof CityPatchSchema>
