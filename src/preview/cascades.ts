import type { Engine, EngineResource } from '../engine.ts'
import type { Sql } from '../database/sql.ts'
import type { Cascade } from '../../schemas/preview.ts'
import { countReferring } from './sql/count-referring.ts'
import { readFrozenChunk } from './sql/read-frozen-chunk.ts'
import { readReferrers, type Referrer } from './sql/read-referrers.ts'

const effects: Record<Referrer['action'], Cascade['effect']> = { a: 'block', r: 'block', c: 'cascade', n: 'set_null', d: 'set_default' }

/** What a delete of a frozen selection would do to the records that refer to it, as far as the time allows to count. */
export async function cascadesOf (
  { tables }: Engine, sql: Sql, resource: EngineResource, { selectionId, isLate }: { selectionId: string, isLate: () => boolean }
): Promise<Cascade[]> {
  const referrers = await readReferrers(sql, resource.table)
  const counts = referrers.map(() => 0)
  for (let after = -1; !isLate();) {
    const chunk = await readFrozenChunk(sql, tables, { kind: resource.key.kind, selectionId, after })
    if (chunk === undefined) break
    for (const [index, referrer] of referrers.entries()) {
      counts[index]! += await countReferring(sql, tables, resource, { selectionId, no: chunk.no, referrer })
    }
    after = chunk.no
  }
  return referrers
    .map(({ name, columns, action }, index) => ({ table: name, columns, effect: effects[action], count: counts[index]! }))
    .filter(({ count }) => count > 0)
}
