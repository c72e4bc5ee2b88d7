// The types of @fastify/swagger add `operationId` and `summary` to route schemas.
import type {} from '@fastify/swagger'
import type { ProblemCode } from '../schemas/problem.ts'
import { errorTable } from '../src/errors.ts'

const problems = new Map(errorTable().problems.map((row) => [row.code, row]))

/** Problems that every route may reply with. */
const everywhere: readonly ProblemCode[] = ['busy', 'unavailable', 'internal']

/** Statuses after which a client may try again. */
const transient: ReadonlySet<number> = new Set([429, 503])

/** How a response is described: its media types, and the schemas of ours that are meant. */
export interface DescribedResponse {
  description: string
  headers?: Record<string, { type: string, description: string }>
  content: Record<string, { schema: { $ref: string } | { anyOf: { $ref: string }[] } | { type: 'string' } }>
}

export type Responses = Record<number, DescribedResponse>

export const retryAfter = (description: string) => ({ type: 'integer', description })

/** Describes responses in terms of the schemas whose names begin with `prefix`. */
export function describeResponses (prefix: string) {
  const json = (name: string, description: string, headers?: DescribedResponse['headers']): DescribedResponse => ({
    description,
    ...(headers && { headers }),
    content: { 'application/json': { schema: { $ref: `${prefix}${name}#` } } }
  })
  return {
    json,
    /** One of several shapes. */
    either: (names: readonly string[], description: string, headers?: DescribedResponse['headers']): DescribedResponse => ({
      description,
      ...(headers && { headers }),
      content: { 'application/json': { schema: { anyOf: names.map((name) => ({ $ref: `${prefix}${name}#` })) } } }
    }),
    /** Row results in each of their media types. */
    results: (description: string): DescribedResponse => ({
      description,
      content: {
        'application/json': { schema: { $ref: `${prefix}ResultPage#` } },
        'application/x-ndjson': { schema: { $ref: `${prefix}RowResult#` } },
        'text/csv': { schema: { type: 'string' } }
      }
    }),
    /** The problems of a route by status, each with its codes. */
    problems (...codes: ProblemCode[]): Responses {
      const byStatus = Object.groupBy([...codes, ...everywhere].map((code) => problems.get(code)!), ({ status }) => status!)
      return Object.fromEntries(Object.entries(byStatus).map(([status, rows]) => [status, {
        description: rows!.map(({ code, when }) => `\`${code}\`: ${when}.`).join('\n'),
        ...(transient.has(Number(status)) && { headers: { 'Retry-After': retryAfter('Seconds to wait before trying again.') } }),
        content: { 'application/problem+json': { schema: { $ref: `${prefix}Problem#` } } }
      }]))
    }
  }
}
