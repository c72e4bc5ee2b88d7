import t from 'tap'
import { Item } from '../fixtures/entities.ts'
import { seedItems } from '../fixtures/orm.ts'
import { openBulk } from '../helpers/bulk.ts'
import { ratioOf } from './ratio.ts'

const total = 100_000
const bad = [17, 20_001, 55_555, 77_777, 99_999]

t.test('five bad records of a hundred thousand cost no more than twice the time of none', async (t) => {
  const { rows, perform } = await openBulk(t, {
    resources: { items: { entity: Item } },
    async seed (client, orm) {
      await seedItems(orm, total)
      await client.query(`ALTER TABLE item ADD CONSTRAINT no_bad CHECK (priority < 100 OR id NOT IN (${bad.join(', ')}))`)
    }
  })
  const timed = async (priority: number) => {
    await rows('VACUUM item')
    const startedAt = performance.now()
    const job = await perform('items', { selection: { all: true }, set: { priority }, onError: 'continue' })
    return { ms: performance.now() - startedAt, failed: job.failed, succeeded: job.succeeded }
  }
  await timed(50)
  const clean: number[] = []
  const faulty: number[] = []
  const ratio = await ratioOf(2, async (round) => {
    const none = await timed(60 + round)
    const some = await timed(100 + round)
    t.match([none, some], [{ failed: 0, succeeded: total }, { failed: bad.length, succeeded: total - bad.length }])
    clean.push(none.ms)
    faulty.push(some.ms)
    return [Math.min(...faulty), Math.min(...clean)]
  })
  t.comment(`none: ${clean.map(Math.round)} ms; five: ${faulty.map(Math.round)} ms; ratio ${ratio.toFixed(2)}`)
  t.ok(ratio <= 2, `the ratio is ${ratio.toFixed(2)}`)
})
