import { engineError, isPowercrudError } from '../../errors.ts'
import { announceEnd, endJob, endJobNow } from '../../jobs/end-job.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { completeChunk, nextChunk } from '../../jobs/store/chunks.ts'
import type { Refusal, WriteTransaction } from '../../engine/writer.ts'
import { countsOf, nothing, resultOf, sum } from './counts.ts'
import { endOf, rolledBack } from './job-end.ts'
import { interrupted } from './interrupted.ts'
import { checkClaim, interruption, type Run, type RunEnd } from './run.ts'
import { retryingTransient } from './retrying.ts'
import { startPace } from './slice-size.ts'
import { writeChunk } from './write-chunk.ts'
import type { TransactionOutcome } from '../../database/entity-transaction.ts'

type Attempt =
  | { kind: 'ended', job: JobRow }
  | { kind: 'refused', no: number, refusal: Refusal }
  | { kind: 'fenced' }

/**
 * `rollback`: the whole job in one transaction, its end included, so that it happens once or not at all. Until then
 * only live progress moves. A new attempt starts again at the first chunk.
 */
export async function runInOneTransaction (run: Run): Promise<RunEnd> {
  const { engine, claim: { job, fence }, transactions } = run
  let attempt: Attempt
  try {
    attempt = await retryingTransient(() => transactions.run((transaction) => writeAll(run, transaction)))
  } catch (error) {
    if (isPowercrudError(error, 'interrupted')) return interrupted(run, nothing)
    throw error
  }
  if (attempt.kind === 'ended') {
    await announceEnd(engine, attempt.job)
    return attempt
  }
  if (attempt.kind === 'fenced') {
    await run.heartbeat.beat()
    checkClaim(run)
    return interrupted(run, nothing)
  }
  const { no, refusal } = attempt
  const ended = await endJobNow(engine, {
    job, fence, from: ['running', 'cancelling'], blame: { no, refusal }, end: rolledBack(refusal)
  })
  return ended === undefined ? { kind: 'left' } : { kind: 'ended', job: ended }
}

async function writeAll (run: Run, transaction: WriteTransaction): Promise<TransactionOutcome<Attempt>> {
  const { engine, claim: { job, fence }, ticker, heartbeat } = run
  const { tables } = engine
  const pace = startPace()
  let counts = nothing
  let lookedAt = 0
  for (let after = -1; ;) {
    const chunk = await nextChunk(transaction.sql, tables, { jobId: job.id, selectionId: job.selection_id, after })
    if (chunk === undefined) break
    const outcome = await writeChunk(run, transaction, chunk, {
      blame: 'first',
      pace,
      onDone: (place) => {
        ticker.update(lookedAt + place)
        heartbeat.moved()
      },
      check: () => check(run)
    })
    const refusal = outcome.refused.find(({ outcome }) => outcome === 'failed')
    if (refusal !== undefined) return { commit: false, value: { kind: 'refused', no: chunk.no, refusal } }
    await completeChunk(transaction.sql, tables, { jobId: job.id, no: chunk.no, result: resultOf(outcome) })
    counts = sum(counts, countsOf(outcome, chunk.size))
    lookedAt += chunk.size
    after = chunk.no
  }
  const ended = await endJob(engine, transaction.sql, { job, fence, from: ['running'], end: endOf(job, sum(job, counts)) })
  return ended === undefined
    ? { commit: false, value: { kind: 'fenced' } }
    : { commit: true, value: { kind: 'ended', job: ended } }
}

function check (run: Run): void {
  checkClaim(run)
  if (interruption(run) !== undefined) throw engineError('interrupted')
}
