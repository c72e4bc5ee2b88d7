import type { ResultPage, RowOutcome } from '../../../schemas/results.ts'
import type { Engine } from '../../engine/engine.ts'
import { problem } from '../../errors.ts'
import type { JobRow } from '../../engine/job-row.ts'
import { mapConnectionErrors } from '../../database/unavailable.ts'
import { rowResults, type ResultPlace } from '../../jobs/results/row-results.ts'

/**
 * One page of row results.
 * @throws validation_failed for a cursor that is not one of ours; unavailable
 */
export async function resultPage (
  engine: Pick<Engine, 'database' | 'tables' | 'resources' | 'log'>, job: JobRow, { outcome, limit, cursor }: { outcome?: RowOutcome, limit: number, cursor?: string }
): Promise<ResultPage> {
  const after = cursor === undefined ? undefined : decodeCursor(cursor)
  return mapConnectionErrors(engine, async () => {
    const items: ResultPage['items'] = []
    let last: ResultPlace | undefined
    for await (const { result, ...place } of rowResults(engine, job, { outcome, after })) {
      if (items.length === limit) return { items, nextCursor: encodeCursor(last!) }
      items.push(result)
      last = place
    }
    return { items, nextCursor: null }
  })
}

function encodeCursor ({ no, place }: ResultPlace): string {
  return Buffer.from(`${no}.${place}`).toString('base64url')
}

function decodeCursor (cursor: string): ResultPlace {
  const match = /^(\d{1,9})\.(\d{1,9})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (match === null) {
    const message = 'is no cursor of these results; take it from nextCursor'
    throw problem('validation_failed', `the query is not valid: /cursor ${message}`, { errors: [{ path: '/cursor', message }] })
  }
  return { no: Number(match[1]), place: Number(match[2]) }
}
