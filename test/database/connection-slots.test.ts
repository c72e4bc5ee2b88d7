import t from 'tap'
import { createConnectionSlots } from '../../src/database/connection-slots.ts'

function gate () {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { wait: () => promise, open: resolve }
}

t.test('slots are given out in the order of requests, and no more than there are', async (t) => {
  const slots = createConnectionSlots({ max: 2, waitersMax: 10, waitMs: 60_000 })
  const gates = [gate(), gate(), gate(), gate()]
  const began: number[] = []
  const all = gates.map(({ wait }, index) => slots.use(async () => {
    began.push(index)
    await wait()
    return index
  }))
  await Promise.resolve()
  t.same(began, [0, 1])
  gates[1]!.open()
  await all[1]
  gates[2]!.open()
  await all[2]
  gates[0]!.open()
  gates[3]!.open()
  t.same(await Promise.all(all), [0, 1, 2, 3])
  t.same(began, [0, 1, 2, 3])
})

t.test('a full queue and a wait that takes too long are pool_busy, and free the place', async (t) => {
  const slots = createConnectionSlots({ max: 1, waitersMax: 1, waitMs: 20 })
  const held = gate()
  const first = slots.use(held.wait)
  const second = slots.use(async () => {})
  await t.rejects(slots.use(async () => {}), { code: 'pool_busy' }, 'the queue is full')
  await t.rejects(second, { code: 'pool_busy' }, 'the time is over')
  const third = slots.use(async () => 'third')
  held.open()
  await first
  t.equal(await third, 'third')
})

t.test('a slot is free again when the work fails', async (t) => {
  const slots = createConnectionSlots({ max: 1, waitersMax: 1, waitMs: 20 })
  await t.rejects(slots.use(async () => { throw new TypeError('no') }), TypeError)
  t.equal(await slots.use(async () => 1), 1)
})
