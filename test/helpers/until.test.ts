import t from 'tap'
import { until } from './until.ts'

t.test('answers the first true answer of the condition', async (t) => {
  const answers = [null, 0, '', false, undefined, 'there']
  t.equal(await until(async () => answers.shift()), 'there')
  t.equal(answers.length, 0)
})

t.test('fails at the deadline, naming what it waited for and the last answer', async (t) => {
  await t.rejects(until(() => null, { deadlineMs: 20, what: 'the job to end' }), {
    message: 'waited 20 ms in vain for the job to end; the last answer was null'
  })
})

t.test('passes on what the condition throws', async (t) => {
  await t.rejects(until(() => { throw new TypeError('boom') }), { message: 'boom' })
})
