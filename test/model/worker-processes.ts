import { fail } from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { DeliveryOutcome } from '../../src/queue/job-queue.ts'
import type { TestScope } from '../helpers/test-scope.ts'

/** A worker in a process of its own. */
export interface KillableWorker {
  /** Resolves to the outcome of the delivery; never, if the process is killed before. */
  work (job: { id: string, n: number }): Promise<DeliveryOutcome>
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill (): Promise<void>
}

/** Workers that may be killed. A process takes a second to start: the next one starts when one is killed. */
export interface KillableWorkers {
  spare (): Promise<KillableWorker>
}

export function createKillableWorkers (t: TestScope, databaseUrl: string): KillableWorkers {
  let ready: Promise<KillableWorker>
  let isOver = false
  const start = async (): Promise<KillableWorker> => {
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
        const outcome = once(child, 'message')
        child.send({ id, n })
        return (await outcome)[0] as DeliveryOutcome
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
