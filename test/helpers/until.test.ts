import t from 'tap'
import { until } from './until.ts'

t.test('resolves to the first truthy value of the condition', async (t) => {
  const values = [null, 0, '', false, undefined, 'there']
  t.equal(await until(async () => values.shift()), 'there')
  t.equal(values.length, 0)
})

t.test('fails at the deadline, naming what it waited for and the last value', async (t) => {
  await t.rejects(until(() => null, { deadlineMs: 20, what: 'the job to end' }), {
    message: 'timed out after 20 ms waiting for the job to end; the last value was null'
  })
})

t.test('rejects with what the condition throws', async (t) => {
  await t.rejects(until(() => { throw new TypeError('boom') }), { message: 'boom' })
})
