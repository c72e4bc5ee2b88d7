import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestScope } from '../helpers/test-scope.ts'

/** Which message to the server is the last that its connection carries, and whether the server still gets it. */
export interface Cut {
  /** Counted from 1, over all connections. */
  message: number
  arrives: boolean
}

export interface Cutter {
  /** The address of the server, through it. */
  url: string
  /** The connection that carries the message breaks then; those that are made later work. */
  arm (cut: Cut): void
  /** Answers whether a connection was cut since. */
  disarm (): boolean
}

/** A proxy before PostgreSQL that cuts a connection at the armed point: before a statement arrives, or before its response returns. */
export async function createCutter (t: TestScope, serverUrl: string): Promise<Cutter> {
  const url = new URL(serverUrl)
  const target = { host: url.hostname, port: Number(url.port) }
  const sockets = new Set<Socket>()
  let armed: Cut | undefined
  let passed = 0

  const server = createServer((near) => {
    const far = connect(target.port, target.host)
    let isLast = false
    const cut = () => {
      near.destroy()
      far.destroy()
    }
    near.on('data', (request) => {
      if (armed !== undefined && ++passed === armed.message) {
        if (!armed.arrives) return cut()
        isLast = true
      }
      far.write(request)
    })
    far.on('data', (answer) => isLast ? cut() : near.write(answer))
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      socket.setNoDelay(true)
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    arm (cut) {
      armed = cut
      passed = 0
    },
    disarm () {
      const hasCut = armed !== undefined && passed >= armed.message
      armed = undefined
      return hasCut
    }
  }
}
