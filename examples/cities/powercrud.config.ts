import type { MikroORM } from '@mikro-orm/postgresql'
import { defineResource, type PowercrudAsyncOptions } from '../../plugins/index.ts'
import { City } from './entities/index.ts'
import type { Settings } from './settings.ts'

export interface Environment {
  orm: MikroORM
  /** for queue and live progress, which are in PostgreSQL without it */
  redis?: PowercrudAsyncOptions['redis']
  worker: Settings['worker']
}

/** The plugin options, the same for the server and every worker. */
export function powercrudOptions ({ orm, redis, worker }: Environment): PowercrudAsyncOptions {
  return {
    orm,
    ...(redis === undefined ? {} : { redis }),
    migrate: true,
    worker: { mode: worker },
    resources: {
      cities: defineResource({
        entity: City,
        path: '/cities',
        bulkFields: ['status', 'priority', 'notes', 'reviewedAt', 'country', 'tags'],
        filterFields: ['name', 'country', 'population', 'featureCode', 'status', 'priority'],
        bulkDelete: true,
        undo: true,
        bulkMaxSelectedRecords: 200_000,
        fieldLabels: { reviewedAt: 'Reviewed at', featureCode: 'Feature code' },
        choices: {
          country: { label: 'name', search: ['name', 'code'] },
          tags: { label: 'name' }
        }
      })
    }
  }
}
