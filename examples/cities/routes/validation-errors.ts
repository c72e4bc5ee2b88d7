import type { FastifySchemaValidationError } from 'fastify'

export interface ValidationError { path: string, message: string }

/** Ajv's errors in readable sentences. `context` is the part of the request: body, querystring or params. */
export function validationErrorsOf (errors: FastifySchemaValidationError[], context: string): ValidationError[] {
  return withoutNullBranches(errors).map((error) => ({ path: `/${context}${error.instancePath}`, message: messageOf(error) }))
}

/** For a nullable value Ajv reports each branch and the whole; the error of the branch for the value is enough. */
function withoutNullBranches (errors: FastifySchemaValidationError[]): FastifySchemaValidationError[] {
  const relevant = errors.filter(({ keyword, params }) => keyword !== 'anyOf' && !(keyword === 'type' && params.type === 'null'))
  return relevant.length === 0 ? errors : relevant
}

function messageOf ({ keyword, params, message = 'is not valid' }: FastifySchemaValidationError): string {
  if (keyword === 'additionalProperties') return `has a member "${String(params.additionalProperty)}", which is not allowed`
  if (keyword === 'enum' && Array.isArray(params.allowedValues)) return `must be one of ${params.allowedValues.join(', ')}`
  if (keyword === 'minProperties') return 'must have at least one member'
  return message
}
