import { MikroORM } from '@mikro-orm/postgresql'
import { entities } from '../../../fixtures/entities.ts'

export default Promise.resolve({ orm: new MikroORM({ clientUrl: process.env.DATABASE_URL!, entities }), conflictTlt: 5 })
