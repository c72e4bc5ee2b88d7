import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { settlesWithin, within } from '../src/deadline.ts'
import type { TestScope } from './helpers/test-scope.ts'

/** Resolves with what the other end says; it has said it by the time that this returns, and nobody has read it yet. */
async function answered (t: TestScope): Promise<() => Promise<unknown>> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [far] = await accepted
  await once(near, 'ready')
  t.teardown(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  return () => {
    const answer = once(near, 'data')
    far.write('answer')
    return answer
  }
}

/** As a process stands still that the machine has no time for. */
function standStill (ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

t.test('an answer that was there in time is not missed by a process that stood still meanwhile', async (t) => {
  const ask = await answered(t)
  const answer = within(20, 'the answer', ask)
  standStill(60)
  t.match(String(await answer), 'answer')
  const settled = settlesWithin(20, ask())
  standStill(60)
  t.equal(await settled, true)
})

t.test('what takes too long is told, and not gone on with', async (t) => {
  let goesOn: AbortSignal | undefined
  await t.rejects(within(10, 'an answer that never comes', (signal) => {
    goesOn = signal
    return new Promise(() => {})
  }), { code: 'unavailable', cause: { name: 'TimeoutError', message: 'an answer that never comes took longer than 10 ms' } })
  t.equal(goesOn?.aborted, true)
  t.equal(await settlesWithin(10, new Promise(() => {})), false)
  t.equal(await settlesWithin(10_000, Promise.reject(new RangeError('either way'))), true)
  await t.rejects(within(10_000, 'what fails', () => Promise.reject(new RangeError('by itself'))), { message: 'by itself' })
})
