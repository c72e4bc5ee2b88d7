import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestScope } from '../helpers/test-scope.ts'

export interface Proxy {
  port: number
  /** Drops connections silently, as a firewall does: the current ones stay open but transfer nothing, later ones work. */
  silence (): void
  /** The number of connections accepted so far. */
  readonly connectionCount: number
}

/** A TCP proxy to a server on this machine. */
export async function createProxy (t: TestScope, target: { port: number }): Promise<Proxy> {
  const pairs = new Set<[Socket, Socket]>()
  let connectionCount = 0
  const server = createServer((near) => {
    connectionCount += 1
    const far = connect(target.port, '127.0.0.1')
    pairs.add([near, far])
    near.pipe(far).pipe(near)
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      socket.on('error', () => undefined)
      socket.on('close', () => other.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const [near, far] of pairs) for (const socket of [near, far]) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    get connectionCount () { return connectionCount },
    silence () {
      for (const [near, far] of pairs) {
        near.unpipe(far)
        far.unpipe(near)
        near.resume()
        far.resume()
      }
      pairs.clear()
    }
  }
}
