import { endJobNow } from '../../jobs/end-job.ts'
import { commitCounts } from '../../jobs/store/checkpoints.ts'
import { completeChunk, nextChunk, type ChunkToDo } from '../../jobs/store/chunks.ts'
import { readJob } from '../../jobs/store/job-rows.ts'
import { processedOf } from '../../engine/job-row.ts'
import type { JobStatus } from '../../../schemas/job.ts'
import type { Refusal, WriteTransaction } from '../../engine/writer.ts'
import { countsOf, resultOf, addOutcomes } from './counts.ts'
import { settleInterruption } from './settle-interruption.ts'
import { endOf, stoppedAt } from './job-end.ts'
import { retryTransaction } from '../../database/retry-transaction.ts'
import { checkClaim, interruptionOf, type Run, type RunEnd } from './run.ts'
import { initialSliceSize, type SliceSize } from './slice-size.ts'
import { writeChunk } from './write-chunk.ts'
import type { TransactionOutcome } from '../../database/entity-transaction.ts'

type Attempt = { kind: 'done', under: JobStatus } | { kind: 'refused', refusal: Refusal } | { kind: 'fenced' }

/** `stop` and `continue`: one transaction per chunk; what is committed stays, whatever dies. */
export async function runChunkByChunk (run: Run): Promise<RunEnd> {
  const { engine: { database, tables }, claim: { job } } = run
  const sliceSize = initialSliceSize()
  let processed = processedOf(job)
  for (;;) {
    checkClaim(run)
    const chunk = await nextChunk(database, tables, { jobId: job.id, selectionId: job.selection_id, after: -1 })
    // Before any interruption: after the last chunk there is nothing left to cancel or to pause.
    if (chunk === undefined) return finish(run)
    if (interruptionOf(run) !== undefined) return settleInterruption(run, undefined)
    const attempt = await retryTransaction(() => run.transactions.run((transaction) => writeOne(run, transaction, chunk, sliceSize)))
    if (attempt.kind === 'refused') return stop(run, chunk, attempt.refusal)
    if (attempt.kind === 'done') {
      processed += chunk.size
      run.ticker.update(processed)
      run.losses.reached(processed)
    }
    // The row has said more than the heartbeat knows yet: lost, or asked to stop.
    if (attempt.kind === 'fenced' || attempt.under !== 'running') await run.heartbeat.beat()
  }
}

async function writeOne (run: Run, transaction: WriteTransaction, chunk: ChunkToDo, sliceSize: SliceSize): Promise<TransactionOutcome<Attempt>> {
  const { engine: { tables }, claim: { job, fence } } = run
  const { sql } = transaction
  const blame = job.on_error === 'stop' ? 'first' : 'all'
  const outcome = await writeChunk(run, transaction, chunk, { blame, sliceSize, onDone: () => undefined, check: () => checkClaim(run) })
  const refusal = outcome.refused.find(({ outcome }) => outcome === 'failed')
  if (blame === 'first' && refusal !== undefined) return { commit: false, value: { kind: 'refused', refusal } }

  const isOurs = await completeChunk(sql, tables, { jobId: job.id, no: chunk.no, result: resultOf(outcome) })
  const counts = countsOf(outcome, chunk.size)
  const under = isOurs ? await commitCounts(sql, tables, { id: job.id, fence, counts }) : undefined
  return under === undefined
    ? { commit: false, value: { kind: 'fenced' } }
    : { commit: true, value: { kind: 'done', under } }
}

async function stop (run: Run, chunk: ChunkToDo, refusal: Refusal): Promise<RunEnd> {
  const { engine, claim: { job, fence } } = run
  const now = await readJob(engine.database, engine.tables, job.id)
  if (now === undefined) return { kind: 'lost' }
  const counts = addOutcomes(now, { succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 1 })
  const ended = await endJobNow(engine, {
    job, fence, transition: 'finish', blame: { no: chunk.no, refusal }, end: { ...stoppedAt(refusal), counts }
  })
  return ended === undefined ? { kind: 'lost' } : { kind: 'ended', job: ended }
}

async function finish (run: Run): Promise<RunEnd> {
  const { engine, claim: { job, fence } } = run
  const now = await readJob(engine.database, engine.tables, job.id)
  if (now === undefined || now.fence !== fence) return { kind: 'lost' }
  const ended = await endJobNow(engine, { job, fence, transition: 'finish', end: endOf(now, now) })
  return ended === undefined ? { kind: 'lost' } : { kind: 'ended', job: ended }
}
