import { fail } from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import type { TestScope } from '../helpers/test-scope.ts'

/** A worker in a process of its own. */
export interface Mortal {
  /** Resolves to what it tells when it has let go of the job: never, if it is killed before. */
  work (job: { id: string, n: number }): Promise<DeliveryOutcome>
  /** Kills it at once, as nothing kills that could be heard. Resolves when it is dead. */
  kill (): Promise<void>
}

/** Workers that may be killed. A process takes a second to start: the next one is begun when one dies. */
export interface Mortals {
  spare (): Promise<Mortal>
}

export function createMortals (t: TestScope, databaseUrl: string): Mortals {
  let ready: Promise<Mortal>
  let isOver = false
  const start = async (): Promise<Mortal> => {
    const child = fork(new URL('./killable-worker.ts', import.meta.url), [databaseUrl], { execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    const exited = once(child, 'exit')
    t.teardown(async () => {
      isOver = true
      child.kill('SIGKILL')
      await exited
    })
    await Promise.race([once(child, 'message'), exited.then(([code]) => isOver || fail(`a worker could not be started: it ended with ${code}`))])
    return {
      async work ({ id, n }) {
        const told = once(child, 'message')
        child.send({ id, n })
        return (await told)[0] as DeliveryOutcome
      },
      async kill () {
        child.kill('SIGKILL')
        await exited
        ready = start()
      }
    }
  }
  ready = start()
  return { spare: () => ready }
}
