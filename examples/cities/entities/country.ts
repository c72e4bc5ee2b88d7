import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

/** A country or territory, keyed by its ISO 3166-1 code of two letters. */
export const Country = defineEntity({
  name: 'Country',
  properties: {
    code: p.string().length(2).primary(),
    name: p.string(),
    region: p.string()
  }
})

export type Country = InferEntity<typeof Country>
