import t from 'tap'
import { cancelJob } from '../../../src/operations/cancel-job.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'
import { createGate } from '../../helpers/gate.ts'

const chunkSize = 10

const { engine, database, job: jobOf } = await openBulk(t, {
  resources: { items: { entity: Item } },
  settings: { chunkSize },
  seed: (_client, orm) => seedItems(orm, 2 * chunkSize)
})
const gate = await createGate(database, { table: 'powercrud.job_chunk', on: 'update' })

for (const [lastId, status] of [[chunkSize, 'succeeded'], [2 * chunkSize, 'cancelled']] as const) {
  t.test(`a job that is cancelled in the first of its ${lastId / chunkSize} chunks is ${status}`, async (t) => {
    await gate.close()
    const set = { notes: `of ${lastId}` }
    const { job } = await launchBulk(engine, bulkLaunch(engine, 'items', { selection: { filter: { id: { lte: lastId } } }, set, onError: 'continue', runInRequest: 'never' }))
    const working = work(engine, job)
    await gate.waitUntilReached()
    await cancelJob(engine, job.id)
    await gate.open()
    await working
    t.match(await jobOf(job.id), { status, succeeded: chunkSize })
  })
}
