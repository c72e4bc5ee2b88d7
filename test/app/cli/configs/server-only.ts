import { MikroORM } from '@mikro-orm/postgresql'
import { entities } from '../../../fixtures/entities.ts'

export default { orm: new MikroORM({ clientUrl: process.env.DATABASE_URL!, entities }), redis: true }
