import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { settlesWithin, within } from '../src/deadline.ts'
import type { TestScope } from './helpers/test-scope.ts'

/** Connects; resolves to a function that makes the other end send a response, and returns the promise of it before it is read. */
async function connected (t: TestScope): Promise<() => Promise<unknown>> {
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
    const response = once(near, 'data')
    far.write('response')
    return response
  }
}

/** Blocks the process, as when the machine gives it no CPU. */
function block (ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

t.test('a response that arrived in time is accepted even if the process was blocked past the deadline', async (t) => {
  const request = await connected(t)
  const response = within(20, 'the response', request)
  block(60)
  t.match(String(await response), 'response')
  const settled = settlesWithin(20, request())
  block(60)
  t.equal(await settled, true)
})

t.test('a call that takes too long rejects, and its signal is aborted', async (t) => {
  let passedSignal: AbortSignal | undefined
  await t.rejects(within(10, 'a response that never arrives', (signal) => {
    passedSignal = signal
    return new Promise(() => {})
  }), { code: 'unavailable', cause: { name: 'TimeoutError', message: 'a response that never arrives took longer than 10 ms' } })
  t.equal(passedSignal?.aborted, true)
  t.equal(await settlesWithin(10, new Promise(() => {})), false)
  t.equal(await settlesWithin(10_000, Promise.reject(new RangeError('either way'))), true)
  await t.rejects(within(10_000, 'what fails', () => Promise.reject(new RangeError('by itself'))), { message: 'by itself' })
})
