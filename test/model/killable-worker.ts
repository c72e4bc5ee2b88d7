// A worker in a process of its own, to be killed: it receives deliveries by IPC, and reports the outcome of each.

import { MikroORM } from '@mikro-orm/postgresql'
import { entities } from '../fixtures/entities.ts'
import { openEngine, work } from '../helpers/engine.ts'
import { resources, rules } from './world.ts'

const orm = await MikroORM.init({ clientUrl: process.argv[2]!, entities })
const { engine } = await openEngine({ teardown: () => undefined }, { orm, resources, rules, settings: { migrate: false } })
process.on('message', async (job: { id: string, n: number }) => {
  process.send!(await work(engine, job))
})
process.send!('ready')
