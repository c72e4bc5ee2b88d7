import { MikroORM } from '@mikro-orm/postgresql'
import { defineConfig } from '../../../../src/app/config/define-config.ts'
import { entities, Item } from '../../../fixtures/entities.ts'

export default defineConfig(async () => ({
  orm: await MikroORM.init({ clientUrl: process.env.DATABASE_URL!, entities }),
  migrate: true,
  worker: { mode: 'separate' },
  resources: { items: { entity: Item, path: '/items', bulkFields: ['status'] } },
  tasks: { greet: async (name: unknown) => `hello ${String(name)}` }
}))
