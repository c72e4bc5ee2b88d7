import { defineConfig, MikroORM } from '@mikro-orm/postgresql'
import { City, Country, Tag } from '../entities/index.ts'

/** The same for server, worker and cleanup. */
export async function openOrm (url: string): Promise<MikroORM> {
  return await MikroORM.init(defineConfig({
    clientUrl: url,
    entities: [City, Country, Tag],
    pool: { min: 0, max: 10 }
  }))
}
