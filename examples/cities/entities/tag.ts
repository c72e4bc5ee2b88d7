import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

/** A word that people put on cities. */
export const Tag = defineEntity({
  name: 'Tag',
  properties: {
    id: p.integer().primary(),
    name: p.string().unique()
  }
})

export type Tag = InferEntity<typeof Tag>
