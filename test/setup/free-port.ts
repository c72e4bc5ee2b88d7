import { createServer } from 'node:net'

/**
 * Ports that the system gives to nobody by itself, neither to who listens on any port nor to who connects: a server that
 * is stopped for a while finds its own free again.
 */
const [firstPort, lastPort] = [10_000, 32_767]

/** Enough for a test file. Processes that run at the same time have other pids, and so each begins elsewhere. */
const portsOfProcess = 32
const slices = Math.floor((lastPort - firstPort + 1) / portsOfProcess)
let next = firstPort + (process.pid % slices) * portsOfProcess

/** A TCP port of this machine that nobody listens on, and that this process is told of once. */
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
