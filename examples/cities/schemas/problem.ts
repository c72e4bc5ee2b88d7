import { Type, type Static } from '@sinclair/typebox'

/** What every error of these routes answers, as RFC 9457 has it. */
export const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() })))
}, { $id: 'Problem', additionalProperties: true })

export type ProblemJson = Static<typeof ProblemSchema>
