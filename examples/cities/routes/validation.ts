import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/**
 * Query strings and paths are text, so their values are converted to the type of the schema. Bodies are JSON and are
 * not converted: a wrong type or an unknown member is a validation error.
 */
export const buildValidator = ((namedSchemas: Record<string, object>): FastifySchemaCompiler<object> => {
  const compiler = (coerceTypes: boolean): Ajv => {
    const ajv = addFormats.default(new Ajv({ coerceTypes, removeAdditional: false, allErrors: false }))
    for (const schema of Object.values(namedSchemas)) ajv.addSchema(schema)
    return ajv
  }
  const forText = compiler(true)
  const forJson = compiler(false)
  return ({ schema, httpPart }) => (httpPart === 'body' ? forJson : forText).compile(schema)
}) as unknown as NonNullable<Compilers['buildValidator']>
