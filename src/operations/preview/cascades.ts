import type { Sql } from '../../database/sql.ts'
import type { Engine, EngineResource } from '../../engine/engine.ts'
import { lastPlaceOfSlice, adaptSliceSize, initialSliceSize } from '../../execution/run/slice-size.ts'
import { deleteSpread, type DeleteSpread } from '../../execution/writers/cascade-graph.ts'
import type { Cascade } from '../../../schemas/preview.ts'
import { countReferring, rememberDeleted } from './cascade-counts.ts'
import { setStatementTimeout } from '../../database/transaction-bounds.ts'
import { readFrozenChunk } from '../../jobs/store/previews.ts'

/** What a delete would do to other records. */
export interface Cascades {
  cascades: Cascade[]
  /** For how many of the records that was counted. */
  cascadesCheckedCount: number
}

interface Counting {
  engine: Engine
  resource: EngineResource
  spread: DeleteSpread
  selectionId: string
  deadlineMs: number
  /** By reference, as far as they are known. */
  counts: number[]
  /** Records for which they are known. */
  checked: number
}

/**
 * What a delete of a frozen selection would do to the records that refer to it, and to those that refer to what goes with
 * it, at any depth, as far as the time allows to count.
 */
export async function cascadesOf (
  engine: Engine, resource: EngineResource, { selectionId, budgetMs }: { selectionId: string, budgetMs: number }
): Promise<Cascades> {
  const deadlineMs = performance.now() + budgetMs
  const spread = await deleteSpread(engine, resource)
  const counting: Counting = { engine, resource, spread, selectionId, deadlineMs, counts: spread.references.map(() => 0), checked: 0 }
  try {
    await engine.database.transaction((sql) => countAll(sql, counting))
  } catch (error) {
    engine.log.info({ err: error, resource: resource.name }, 'a preview stopped counting early')
  }
  return { cascades: toCascades(counting), cascadesCheckedCount: counting.checked }
}

/** In slices like those of a job, so that no statement uses up the time. */
async function countAll (sql: Sql, counting: Counting): Promise<void> {
  const { engine: { tables }, resource: { key }, spread, selectionId } = counting
  await rememberDeleted(sql, spread)
  const pace = initialSliceSize()
  for (let after = -1; ;) {
    const chunk = await readFrozenChunk(sql, tables, { kind: key.kind, selectionId, after })
    if (chunk === undefined) return
    for (let from = 1; from <= chunk.size;) {
      const to = spread.references.length === 0 ? chunk.size : lastPlaceOfSlice(pace, {}, from, chunk.size)
      const startedAtMs = performance.now()
      if (startedAtMs > counting.deadlineMs) return
      await countSlice(sql, counting, { no: chunk.no, from, to })
      adaptSliceSize(pace, { written: to - from + 1, tookMs: performance.now() - startedAtMs, failed: 0 })
      from = to + 1
    }
    after = chunk.no
  }
}

async function countSlice (sql: Sql, counting: Counting, { no, from, to }: { no: number, from: number, to: number }): Promise<void> {
  const { engine: { tables }, resource, spread, selectionId, deadlineMs, counts } = counting
  if (spread.references.length > 0) {
    await setStatementTimeout(sql, deadlineMs - performance.now())
    const met = await countReferring(sql, tables, resource, { selectionId, no, from, to }, spread)
    for (const { reference, count } of met) counts[reference]! += count
  }
  counting.checked += to - from + 1
}

function toCascades ({ spread: { names, references }, counts }: Counting): Cascade[] {
  return references.flatMap(({ from, to, columns, effect }, index) => counts[index] === 0
    ? []
    : [{ table: names[to]!, columns, ...(from !== 0 && { refersTo: names[from]! }), effect, count: counts[index]! }])
}
