import type { RowResult } from '../../schemas/results.ts'
import { entityTransaction } from '../database/entity-transaction.ts'
import type { Tables } from '../database/tables.ts'
import type { Engine, EngineResource } from '../engine.ts'
import { boundWriteTransaction } from '../run/sql/bound-transaction.ts'
import { writeNarrowing, type Narrowing } from '../run/narrow.ts'
import { rowErrorTeller } from '../write/row-error.ts'
import type { Refusal, WriteTransaction, Writer } from '../write/writer.ts'
import type { PreviewSample } from '../../schemas/preview.ts'
import { readRecords } from './read-records.ts'
import { readFrozenChunk, type FrozenChunk } from './sql/read-frozen-chunk.ts'

const sampleSize = 5
const failuresToldAtMost = 100
/** A trial must not stand in anybody's way, and has no need to wait for anybody. */
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
  isLate: () => boolean
  budgetMs: number
}

/**
 * Finds what would fail by doing it: the real statements, in a transaction that is rolled back, until the time is up
 * or enough failures are known.
 */
export async function tryWriting ({ orm, tables, leaseMs, log }: Engine, request: TrialRequest): Promise<Trial> {
  const trial: Trial = { sample: [], failures: [], checkedCount: 0 }
  try {
    await entityTransaction(orm, async (transaction) => {
      await boundWriteTransaction(transaction.sql, {
        name: 'powercrud preview', idleMs: leaseMs, lockMs: lockWaitMs, statementMs: request.budgetMs
      })
      await request.writer.begin?.(transaction)
      for (let after = -1; !request.isLate() && trial.failures.length < failuresToldAtMost;) {
        const chunk = await readFrozenChunk(transaction.sql, tables, { kind: request.resource.key.kind, selectionId: request.selectionId, after })
        if (chunk === undefined) break
        await tryChunk(narrowingOf(tables, transaction, request), chunk, request, trial)
        after = chunk.no
      }
      return { commit: false, value: undefined }
    })
  } catch (error) {
    log.info({ err: error, resource: request.resource.name }, 'a preview ended its trial early')
  }
  return trial
}

function narrowingOf (tables: Tables, transaction: WriteTransaction, { resource, writer }: TrialRequest): Narrowing {
  const nobody = () => undefined
  return { tables, transaction, writer, resource, blame: 'all', errors: rowErrorTeller(resource, writer.fields), onDone: nobody, onRefused: nobody }
}

async function tryChunk (narrowing: Narrowing, chunk: FrozenChunk, request: TrialRequest, trial: Trial): Promise<void> {
  const { resource, selectionId } = request
  const { em } = narrowing.transaction
  const sampled = trial.checkedCount === 0 ? chunk.keys.slice(0, sampleSize) : []
  const before = await readRecords(em, resource, sampled, request.fields)
  const slices = sampled.length > 0 && chunk.size > sampled.length
    ? [{ from: 1, to: sampled.length }, { from: sampled.length + 1, to: chunk.size }]
    : [{ from: 1, to: chunk.size }]
  for (const slice of slices) {
    const { refused } = await writeNarrowing(narrowing, { selectionId, no: chunk.no, ...slice })
    trial.checkedCount += slice.to - slice.from + 1
    trial.failures.push(...refused.filter(wouldFail).slice(0, failuresToldAtMost - trial.failures.length).map((refusal) => failureOf(chunk, refusal, resource)))
    if (slice.from > 1 || sampled.length === 0) continue
    const after = request.isDelete ? new Map<string, Record<string, unknown>>() : await readRecords(em, resource, sampled, request.fields)
    trial.sample = sampled.filter((key) => before.has(key)).map((key) => ({
      id: resource.key.toWire(key), before: before.get(key)!, after: after.get(key) ?? null
    }))
  }
}

/** Whoever is busy right now need not be so later. */
function wouldFail ({ code }: Refusal): boolean {
  return code !== 'lock_timeout' && code !== 'statement_timeout'
}

function failureOf (chunk: FrozenChunk, { place, outcome, code, message, field }: Refusal, { key }: EngineResource): RowResult {
  return { index: chunk.ord[place - 1]!, id: key.toWire(chunk.keys[place - 1]!), outcome, code, message, ...(field !== undefined && { field }) }
}
