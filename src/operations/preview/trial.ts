import type { OnError } from '../../../schemas/job.ts'
import type { RowResult } from '../../../schemas/results.ts'
import { entityTransaction } from '../../database/entity-transaction.ts'
import type { Tables } from '../../database/tables.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { engineError, isPowercrudError } from '../../errors.ts'
import { prepareWriteTransaction } from '../../database/transaction-bounds.ts'
import { writeBisecting, type Bisection } from '../../execution/run/bisect.ts'
import { lastPlaceOfSlice, adaptSliceSize, initialSliceSize, type SliceSize } from '../../execution/run/slice-size.ts'
import { rowErrorDescriber } from '../../execution/writers/row-error.ts'
import type { Refusal, WriteTransaction, Writer } from '../../engine/writer.ts'
import type { PreviewSample } from '../../../schemas/preview.ts'
import { readRecords } from './read-records.ts'
import { readFrozenChunk, type FrozenChunk } from '../../jobs/store/previews.ts'

const sampleSize = 5
const maxFailures = 100
/** A trial neither blocks other transactions for long nor needs to wait for them. */
const lockWaitMs = 250

export interface Trial {
  sample: PreviewSample[]
  failures: RowResult[]
  /** Records that were tried. */
  checkedCount: number
}

export interface TrialRequest {
  resource: EngineResource
  writer: Writer
  selectionId: string
  /** The fields that samples show. */
  fields: readonly string[]
  isDelete: boolean
  /** What is skipped by itself fails the whole, unless the rest is done. */
  onError: OnError
  isOverdue: () => boolean
  budgetMs: number
}

/**
 * Finds what would fail by doing it: the real statements, in a transaction that is rolled back, until the time is up
 * or enough failures are known.
 */
export async function tryWriting (
  { orm, tables, leaseMs, log }: Pick<Engine, 'orm' | 'tables' | 'log' | 'leaseMs'>, request: TrialRequest
): Promise<Trial> {
  const trial: Trial = { sample: [], failures: [], checkedCount: 0 }
  try {
    await entityTransaction(orm, async (transaction) => {
      await prepareWriteTransaction(transaction.sql, {
        name: 'powercrud preview', idleMs: leaseMs, lockMs: lockWaitMs, statementMs: request.budgetMs
      })
      const bisection = bisectionOf(tables, transaction, request)
      const pace = initialSliceSize()
      for (let after = -1; !isDone(request, trial);) {
        const chunk = await readFrozenChunk(transaction.sql, tables, { kind: request.resource.key.kind, selectionId: request.selectionId, after })
        if (chunk === undefined) break
        await tryChunk(bisection, chunk, pace, request, trial)
        after = chunk.no
      }
      return { commit: false, value: undefined }
    })
  } catch (error) {
    if (!isPowercrudError(error, 'interrupted')) log.info({ err: error, resource: request.resource.name }, 'a preview ended its trial early')
  }
  return trial
}

function isDone ({ isOverdue }: TrialRequest, { failures }: Trial): boolean {
  return isOverdue() || failures.length >= maxFailures
}

function bisectionOf (tables: Tables, transaction: WriteTransaction, { resource, writer, isOverdue }: TrialRequest): Bisection {
  const ignore = () => undefined
  const check = () => {
    if (isOverdue()) throw engineError('interrupted')
  }
  return { tables, transaction, writer, resource, blame: 'all', errors: rowErrorDescriber(resource, writer.fields), check, onDone: ignore, onRefused: ignore }
}

/** In slices like those of a job: no more records in memory, and none that takes all the time. The first are the sample. */
async function tryChunk (bisection: Bisection, chunk: FrozenChunk, pace: SliceSize, request: TrialRequest, trial: Trial): Promise<void> {
  const { selectionId, writer } = request
  for (let from = 1; from <= chunk.size && !isDone(request, trial);) {
    const isSample = trial.checkedCount === 0
    const to = isSample ? Math.min(sampleSize, chunk.size) : lastPlaceOfSlice(pace, writer, from, chunk.size)
    const startedAtMs = performance.now()
    const write = () => writeBisecting(bisection, { selectionId, no: chunk.no, from, to, versioned: chunk.versioned })
    const { refused } = isSample ? await withSample(bisection, chunk.keys.slice(0, to), request, trial, write) : await write()
    trial.checkedCount += to - from + 1
    trial.failures.push(...refused.filter(wouldFail).sort((one, other) => one.place - other.place).slice(0, maxFailures - trial.failures.length).map((refusal) => failureOf(chunk, refusal, request)))
    if (!isSample) adaptSliceSize(pace, { written: to - from + 1, tookMs: performance.now() - startedAtMs, failed: refused.length })
    from = to + 1
  }
}

/** Shows records before and after they are written. */
async function withSample<Result> (
  { transaction: { em } }: Bisection, keys: readonly string[], { resource, fields, isDelete }: TrialRequest, trial: Trial, write: () => Promise<Result>
): Promise<Result> {
  const before = await readRecords(em, resource, keys, fields)
  const result = await write()
  const after = isDelete ? new Map<string, Record<string, unknown>>() : await readRecords(em, resource, keys, fields)
  trial.sample = keys.filter((key) => before.has(key)).map((key) => ({
    id: resource.key.toWire(key), before: before.get(key)!, after: after.get(key) ?? null
  }))
  return result
}

/** A lock or statement timeout is temporary: it does not predict a failure. */
function wouldFail ({ code }: Refusal): boolean {
  return code !== 'lock_timeout' && code !== 'statement_timeout'
}

function failureOf (chunk: FrozenChunk, { place, outcome, code, message, field }: Refusal, { resource: { key }, onError }: TrialRequest): RowResult {
  return { index: chunk.ord[place - 1]!, id: key.toWire(chunk.keys[place - 1]!), outcome: onError === 'continue' ? outcome : 'failed', code, message, ...(field !== undefined && { field }) }
}
