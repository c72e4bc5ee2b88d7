import { createServer } from 'node:net'

/**
 * Ports outside the ephemeral range: the system assigns none of them to a client or to a server that listens on port 0,
 * so a server that is stopped for a while finds its own free again.
 */
const [firstPort, lastPort] = [10_000, 32_767]

/** Enough for a test file. Concurrent processes have different pids, so each starts with another port. */
const portsOfProcess = 32
const slices = Math.floor((lastPort - firstPort + 1) / portsOfProcess)
let next = firstPort + (process.pid % slices) * portsOfProcess

/** A free TCP port of this machine, which this process gets only once. */
export async function freePort (): Promise<number> {
  for (;;) {
    const port = next
    next = port === lastPort ? firstPort : port + 1
    if (await isFree(port)) return port
  }
}

async function isFree (port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const server = createServer().listen(port, '127.0.0.1')
  server.once('error', () => resolve(false))
  server.once('listening', () => server.close(() => resolve(true)))
  return promise
}
