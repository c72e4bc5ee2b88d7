import type { FastifySchemaValidationError } from 'fastify'

export interface Mistake { path: string, message: string }

/** What Ajv found wrong, as a person would say it. `context` is the part of the request: body, querystring or params. */
export function mistakesOf (found: FastifySchemaValidationError[], context: string): Mistake[] {
  return withoutBranches(found).map((one) => ({ path: `/${context}${one.instancePath}`, message: sentence(one) }))
}

/** For a value that may be null, Ajv complains of each branch and of the whole: the branch that was meant says it all. */
function withoutBranches (found: FastifySchemaValidationError[]): FastifySchemaValidationError[] {
  const meant = found.filter(({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null'))
  return meant.length === 0 ? found : meant
}

function sentence ({ keyword, params, message = 'is not valid' }: FastifySchemaValidationError): string {
  if (keyword === 'additionalProperties') return `has a member "${String(params.additionalProperty)}", which is not known here`
  if (keyword === 'enum' && Array.isArray(params.allowedValues)) return `must be one of ${params.allowedValues.join(', ')}`
  if (keyword === 'minProperties') return 'must have at least one member'
  return message
}
