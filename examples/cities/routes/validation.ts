import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { FastifySchemaCompiler, FastifyServerOptions } from 'fastify'

type Compilers = NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>

/**
 * Query strings and paths are text, so their values are turned into what the schema asks for. Bodies are JSON and
 * are taken at their word: a wrong type, or a member that nobody knows, is a mistake and not something to mend.
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
