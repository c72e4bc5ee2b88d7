import { MikroORM } from '@mikro-orm/postgresql'
import { Redis } from 'ioredis'
import { defineConfig } from '../../../../src/app/config/define-config.ts'
import { entities, Item } from '../../../fixtures/entities.ts'

// What an application's own file looks like, with the addresses of the test that starts it.
const { DATABASE_URL, REDIS_URL, QUEUE_PREFIX, BULK_FIELDS = 'status' } = process.env

export default defineConfig(async () => ({
  orm: await MikroORM.init({ clientUrl: DATABASE_URL!, entities }),
  ...(REDIS_URL && { redis: new Redis(REDIS_URL) }),
  ...(QUEUE_PREFIX && { prefix: QUEUE_PREFIX }),
  worker: { concurrency: 2 },
  resources: {
    items: { entity: Item, path: '/items', bulkFields: BULK_FIELDS.split(',') }
  }
}))
