import t from 'tap'
import { asCsv, asNdjson } from '../../../src/operations/results/export.ts'
import { resultPage } from '../../../src/operations/results/result-page.ts'
import { rowResults } from '../../../src/jobs/results/row-results.ts'
import type { RowResult } from '../../../schemas/results.ts'
import { itemsEngine } from '../../helpers/items.ts'

async function all (results: ReturnType<typeof rowResults>): Promise<RowResult[]> {
  const rows: RowResult[] = []
  for await (const { result } of results) rows.push(result)
  return rows
}

async function text (pieces: AsyncIterable<string>): Promise<string> {
  let whole = ''
  for await (const piece of pieces) whole += piece
  return whole
}

t.test('every record has its outcome and its place in the selection', async (t) => {
  const { engine, launch, workOn, orm } = await itemsEngine(t, { forbidden: [3] })
  await orm.em.getConnection().execute("UPDATE item SET status = 'done' WHERE id = 4")
  const job = await workOn(await launch({ selection: { ids: [5, 4, 900, 3] }, set: { status: 'done' }, onError: 'continue' }))
  t.match(job, { status: 'completed_with_errors', succeeded: 1, unchanged: 1, missing: 1, failed: 1 })
  const rows = await all(rowResults(engine, job))
  t.same(rows.sort((one, other) => one.index - other.index), [
    { index: 0, id: 5, outcome: 'succeeded' },
    { index: 1, id: 4, outcome: 'unchanged' },
    { index: 2, id: 900, outcome: 'missing', code: 'missing' },
    { index: 3, id: 3, outcome: 'failed', code: 'check_violation', message: 'this one can never be done', field: 'status' }
  ])
})

t.test('a job that was rolled back tells the record at fault, and that the rest is not done', async (t) => {
  const { engine, launch, workOn, idsWhere } = await itemsEngine(t, { forbidden: [2] })
  const job = await workOn(await launch({ selection: { ids: [1, 2, 900] }, set: { status: 'done' } }))
  t.match(job, { status: 'failed', error_code: 'rolled_back', error_row_code: 'check_violation', failed: 1, succeeded: 0, missing: 0 })
  t.same((await all(rowResults(engine, job))).map(({ id, outcome }) => [id, outcome]), [[1, 'unprocessed'], [2, 'failed'], [900, 'unprocessed']])
  t.same(await idsWhere("status = 'done'"), [])
})

t.test('pages follow each other without a gap, also over chunks, and with an outcome of their own', async (t) => {
  const { engine, launch, workOn } = await itemsEngine(t, { count: 6_000, forbidden: [10, 5_500] })
  const job = await workOn(await launch({ selection: { all: true }, set: { status: 'done' }, onError: 'continue' }))

  const seen: number[] = []
  let cursor: string | undefined
  do {
    const page = await resultPage(engine, job, { limit: 1_700, cursor })
    seen.push(...page.items.map(({ index }) => index))
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  t.same(seen, Array.from({ length: 6_000 }, (_, index) => index))

  const failed = await resultPage(engine, job, { outcome: 'failed', limit: 1 })
  t.same(failed.items.map(({ id }) => id), [10])
  const next = await resultPage(engine, job, { outcome: 'failed', limit: 1, cursor: failed.nextCursor! })
  t.same([next.items.map(({ id }) => id), next.nextCursor], [[5_500], null])

  await t.rejects(resultPage(engine, job, { limit: 1, cursor: 'nonsense' }), { code: 'validation_failed', statusCode: 400 })
})

t.test('as NDJSON and as CSV', async (t) => {
  async function * results () {
    yield { no: 0, place: 1, result: { index: 0, id: 7, outcome: 'succeeded' as const } }
    yield { no: 0, place: 2, result: { index: 1, id: '=cmd()', outcome: 'failed' as const, code: 'check_violation' as const, message: 'says "no",\nreally', field: '+name' } }
    yield { no: 0, place: 3, result: { index: 3, id: '-9007199254740993', outcome: 'succeeded' as const } }
    yield { no: 0, place: 4, result: { index: 4, id: '\n=1+1', outcome: 'succeeded' as const } }
    yield { no: 0, place: 5, result: { index: 2, id: { row: '-a', number: -3 }, outcome: 'unchanged' as const } }
  }
  t.same((await text(asNdjson(results()))).trimEnd().split('\n').map((line) => JSON.parse(line).id), [7, '=cmd()', '-9007199254740993', '\n=1+1', { row: '-a', number: -3 }])
  t.equal(await text(asCsv(results())), [
    'index,id,outcome,code,message,field',
    '0,7,succeeded,,,',
    '1,\'=cmd(),failed,check_violation,"says ""no"",\nreally",\'+name',
    '3,-9007199254740993,succeeded,,,',
    '4,"\'\n=1+1",succeeded,,,',
    '2,"{""row"":""-a"",""number"":-3}",unchanged,,,',
    ''
  ].join('\r\n'))
})
