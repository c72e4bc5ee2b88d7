import { engineError, isPowercrudError } from '../../errors.ts'
import { announceEnd, endJob, endJobNow } from '../../jobs/end-job.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { completeChunk, nextChunk } from '../../jobs/store/chunks.ts'
import type { Refusal, WriteTransaction } from '../../engine/writer.ts'
import { countsOf, zeroOutcomes, resultOf, addOutcomes } from './counts.ts'
import { endOf, rolledBack } from './job-end.ts'
import { settleInterruption } from './settle-interruption.ts'
import { checkClaim, interruptionOf, type Run, type RunEnd } from './run.ts'
import { retryTransaction } from '../../database/retry-transaction.ts'
import { initialSliceSize } from './slice-size.ts'
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
    attempt = await retryTransaction(() => transactions.run((transaction) => writeAll(run, transaction)))
  } catch (error) {
    if (isPowercrudError(error, 'interrupted')) return settleInterruption(run, zeroOutcomes)
    throw error
  }
  if (attempt.kind === 'ended') {
    await announceEnd(engine, attempt.job)
    return attempt
  }
  if (attempt.kind === 'fenced') {
    await run.heartbeat.beat()
    checkClaim(run)
    return settleInterruption(run, zeroOutcomes)
  }
  const { no, refusal } = attempt
  const ended = await endJobNow(engine, {
    job, fence, transition: 'finish', blame: { no, refusal }, end: rolledBack(refusal)
  })
  return ended === undefined ? { kind: 'lost' } : { kind: 'ended', job: ended }
}

async function writeAll (run: Run, transaction: WriteTransaction): Promise<TransactionOutcome<Attempt>> {
  const { engine, claim: { job, fence }, ticker, heartbeat, losses } = run
  const { tables } = engine
  const sliceSize = initialSliceSize()
  let counts = zeroOutcomes
  let lookedAt = 0
  for (let after = -1; ;) {
    const chunk = await nextChunk(transaction.sql, tables, { jobId: job.id, selectionId: job.selection_id, after })
    if (chunk === undefined) break
    const outcome = await writeChunk(run, transaction, chunk, {
      blame: 'first',
      sliceSize,
      onDone: (place) => {
        ticker.update(lookedAt + place)
        // What is repeated after a lost connection is no progress: a job that loses it each time must not look alive.
        if (losses.reached(lookedAt + place)) heartbeat.reportProgress()
      },
      check: () => check(run)
    })
    const refusal = outcome.refused.find(({ outcome }) => outcome === 'failed')
    if (refusal !== undefined) return { commit: false, value: { kind: 'refused', no: chunk.no, refusal } }
    await completeChunk(transaction.sql, tables, { jobId: job.id, no: chunk.no, result: resultOf(outcome) })
    counts = addOutcomes(counts, countsOf(outcome, chunk.size))
    lookedAt += chunk.size
    after = chunk.no
  }
  const ended = await endJob(engine, transaction.sql, { job, fence, transition: 'finishInOneTransaction', end: endOf(job, addOutcomes(job, counts)) })
  return ended === undefined
    ? { commit: false, value: { kind: 'fenced' } }
    : { commit: true, value: { kind: 'ended', job: ended } }
}

function check (run: Run): void {
  checkClaim(run)
  if (interruptionOf(run) !== undefined) throw engineError('interrupted')
}
