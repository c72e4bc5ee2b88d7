import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { refResolver } from '../../plugins/index.ts'

type Options = FastifyDynamicSwaggerOptions
type Transform = NonNullable<Options['transformObject']>
type Documented = Extract<Parameters<Transform>[0], { openapiObject: unknown }>['openapiObject']
interface NamedExample { summary: string, value: object }

/** Requests that work on the data of the example, as Swagger UI offers them for each operation. */
const requests: Record<string, Record<string, NamedExample>> = {
  bulkUpdateCity: {
    filter: {
      summary: 'Luxembourg, by a filter',
      value: { selection: { filter: { country: 'LU' } }, set: { status: 'verified' }, reason: 'Checked against the register' }
    },
    ids: {
      summary: 'Amsterdam and Rotterdam, by id',
      value: { selection: { ids: [2759794, 2747891] }, set: { priority: 1, tags: { add: [3] } }, onError: 'continue' }
    },
    dryRun: {
      summary: 'A preview of large cities that are unreviewed',
      value: { selection: { filter: { population: { gte: 1_000_000 }, status: 'unreviewed' } }, set: { status: 'flagged' }, dryRun: true }
    },
    all: {
      summary: 'All cities, in the background',
      value: { selection: { all: true }, set: { notes: 'Imported from GeoNames' } }
    }
  },
  bulkDeleteCity: {
    dryRun: {
      summary: 'A preview of small places in Luxembourg',
      value: { selection: { filter: { country: 'LU', population: { lt: 1_000 } } }, dryRun: true }
    },
    ids: { summary: 'Rotterdam, by id', value: { selection: { ids: [2747891] } } }
  },
  changeCity: {
    verify: { summary: 'Mark as verified', value: { status: 'verified', reviewedAt: '2026-11-24T09:30:00Z' } },
    note: { summary: 'Set notes and priority', value: { notes: 'To be checked', priority: 2 } }
  },
  queryLocksCity: {
    ids: { summary: 'Amsterdam and Rotterdam', value: { ids: [2759794, 2747891] } }
  }
}

function addRequests (document: Partial<Documented>): Partial<Documented> {
  for (const path of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(path ?? {}) as { operationId?: string, requestBody?: { content: Record<string, { examples?: object }> } }[]) {
      const examples = requests[operation.operationId ?? '']
      const body = operation.requestBody?.content['application/json']
      if (examples !== undefined && body !== undefined) body.examples = examples
    }
  }
  return document
}

/** The OpenAPI document of the example. */
export const openapiOptions: Options = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Cities',
      description: '135 233 cities and towns of the world, edited and deleted in bulk.',
      version: '1.0.0',
      contact: { name: 'fastify-powercrud-async', url: 'https://www.npmjs.com/package/fastify-powercrud-async' },
      license: { name: 'MIT', identifier: 'MIT' } as { name: string }
    },
    servers: [{ url: '/', description: 'The server of this document' }],
    tags: [
      { name: 'cities', description: 'Cities: one at a time, and in bulk' },
      { name: 'jobs', description: 'Background jobs: progress, results, cancel, retry, undo' },
      { name: 'operations', description: 'For operators' }
    ],
    // The example has no login.
    security: []
  },
  refResolver,
  transformObject: (document) => 'openapiObject' in document ? addRequests(document.openapiObject) : document.swaggerObject
}
