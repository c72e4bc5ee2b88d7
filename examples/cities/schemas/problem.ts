import { STATUS_CODES } from 'node:http'
import { Type, type Static } from '@sinclair/typebox'
import { reference } from './reference.ts'

/** The body of every error response (RFC 9457). */
export const ProblemSchema = Type.Object({
  type: Type.String(),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.String(),
  code: Type.String(),
  errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() })))
}, { $id: 'Problem', additionalProperties: true })

/** The responses of a route for errors with these statuses. */
export function problemResponses (...statuses: number[]) {
  return Object.fromEntries(statuses.map((status) => [status, {
    description: STATUS_CODES[status],
    content: { 'application/problem+json': { schema: reference(ProblemSchema) } }
  }]))
}

export type ProblemJson = Static<typeof ProblemSchema>
