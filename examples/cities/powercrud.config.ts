import type { MikroORM } from '@mikro-orm/postgresql'
import { defineResource, type PowercrudAsyncOptions } from '../../plugins/index.ts'
import { City } from './entities/index.ts'
import type { Settings } from './settings.ts'

export interface Surroundings {
  orm: MikroORM
  /** the client for queue and live progress; without one they are in PostgreSQL */
  redis?: PowercrudAsyncOptions['redis']
  worker: Settings['worker']
}

/** What can be done with cities in bulk: the same for the server and for every worker. */
export function powercrudOptions ({ orm, redis, worker }: Surroundings): PowercrudAsyncOptions {
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
