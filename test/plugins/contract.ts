import type { Test } from 'tap'
import { contractOfProgress } from './contract-progress.ts'
import { contractOfLaunches } from './contract-launches.ts'
import { contractOfRefusals, queuedAtMost } from './contract-refusals.ts'
import { contractOfJobs } from './contract-jobs.ts'
import { contractOfCancel } from './contract-cancel.ts'
import { contractOfUndo } from './contract-undo.ts'
import { createWorld, type WorldOptions } from './world.ts'

export type Variant = Required<Pick<WorldOptions, 'mode' | 'host'>> & Pick<WorldOptions, 'createApp'>

/** The HTTP contract, the same wherever the queue is and whatever the application is. */
export async function contract (t: Test, variant: Variant): Promise<void> {
  // One application works on its jobs; the jobs of the other stay where they are.
  const busy = await createWorld(t, variant)
  const quiet = await createWorld(t, { ...variant, options: { worker: { mode: 'separate' }, maxQueuedJobsPerUser: queuedAtMost } })
  await contractOfRefusals(t, quiet)
  await contractOfLaunches(t, busy)
  await contractOfProgress(t, { busy, quiet })
  await contractOfJobs(t, quiet)
  await contractOfUndo(t, busy)
  await contractOfCancel(t, { busy, quiet })
  if (variant.host === 'foreign') await hostIsLeftAlone(t, busy.app)
}

async function hostIsLeftAlone (t: Test, app: Awaited<ReturnType<typeof createWorld>>['app']): Promise<void> {
  await t.test('the application around us is left alone', async (t) => {
    const coerced = await app.inject({ method: 'POST', url: '/host/jobs', payload: { title: 7, age: '42' } })
    t.same(coerced.json(), { wrapped: { title: '7', age: 42 } }, 'its Ajv coerces, its schema Job is its own, its serializer serializes')
    const refused = await app.inject({ method: 'POST', url: '/host/jobs', payload: { age: 'old' } })
    t.equal(refused.statusCode, 418, 'its error handler handles')
    const other = await app.inject({ method: 'POST', url: '/host/jobs', headers: { 'content-type': 'text/x-own' }, payload: 'words' })
    t.equal(other.statusCode, 418, 'its content types are its own')
    t.ok(app.scheduler, 'its scheduler is there')
  })
}
