import { Type, type Static } from '@sinclair/typebox'
import { reference } from './reference.ts'

export const TagSchema = Type.Object({
  id: Type.Integer(),
  name: Type.String()
}, { $id: 'Tag', additionalProperties: false })

export type TagJson = Static<typeof TagSchema>

export const TagListSchema = Type.Object({
  items: Type.Array(reference(TagSchema))
}, { $id: 'TagList', additionalProperties: false })
