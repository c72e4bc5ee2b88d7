import * as fc from 'fast-check'
import t from 'tap'
import { buildAjv } from '../../src/validation/ajv.ts'
import { validationErrors } from '../../src/validation/validation-errors.ts'
import { byId, components, items, seats } from './item-schemas.ts'

// Ajv decides and mistakesOf explains: they must never disagree, or a refusal would name no mistake, or a wrong one.

const ajv = buildAjv(components, 'body')

const names = ['ids', 'filter', 'all', 'previewId', 'exclude', 'expectedCount', 'status', 'labels', 'row', 'add', 'replace', 'eq', 'in', 'selection', 'set', 'statuss', '']

const odd = fc.oneof(
  fc.constantFrom<unknown>('', 'a\0', '1.50', true, null, -1, 1.5, 2 ** 31, {}, []),
  fc.string({ maxLength: 50 }),
  fc.dictionary(fc.constantFrom(...names), fc.constantFrom<unknown>(1, 'new', null, [], {}), { maxKeys: 3 })
)

/** What is right, and now and then something else. */
function mostly (right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 19, arbitrary: right }, { weight: 1, arbitrary: odd })
}

/** An object with some of these members, and now and then one too many. */
function some (members: Record<string, fc.Arbitrary<unknown>>, requiredKeys: string[] = []): fc.Arbitrary<unknown> {
  const right = fc.record(members, { requiredKeys: requiredKeys as [] })
  const odder = fc.tuple(right, fc.constantFrom(...names), odd).map(([object, name, value]) => ({ ...object as object, [name]: value }))
  return mostly(fc.oneof({ weight: 9, arbitrary: right }, { weight: 1, arbitrary: odder }))
}

const list = (item: fc.Arbitrary<unknown>) => mostly(fc.array(item, { minLength: 1, maxLength: 3 }))
const integer = mostly(fc.integer())
const status = mostly(fc.constantFrom('new', 'done', 'held'))
const text = mostly(fc.string({ maxLength: 40 }))
const seat = some({ row: text, number: integer }, ['row', 'number'])
const comparisons = (value: fc.Arbitrary<unknown>) => fc.oneof(value, some({ eq: value, ne: value, in: list(value), nin: list(value), isNull: fc.boolean() }))

const filters = {
  items: some({ status: comparisons(status), owner: comparisons(fc.oneof(integer, fc.constant(null))), priority: comparisons(integer), name: comparisons(text) }, ['status']),
  seats: some({ row: comparisons(text) })
}
const keys = { items: integer, seats: seat }
const changes = {
  items: some({
    status,
    priority: fc.oneof(integer, fc.constant(null)),
    name: text,
    owner: integer,
    amount: mostly(fc.constantFrom('0', '-12.5', '9999999999.99')),
    dueAt: mostly(fc.constantFrom('2026-11-24T00:00:00Z', null)),
    labels: fc.oneof(some({ add: list(integer), remove: list(integer) }), some({ replace: list(integer) }))
  }, ['status']),
  seats: some({ taken: mostly(fc.boolean()) }, ['taken'])
}

function bodies (of: 'items' | 'seats'): fc.Arbitrary<unknown> {
  const ids = list(keys[of])
  const expectedCount = mostly(fc.nat())
  const selection = mostly(fc.oneof(
    some({ ids }, ['ids']),
    some({ filter: filters[of], exclude: ids, expectedCount }, ['filter']),
    some({ all: mostly(fc.constant(true)), exclude: ids, expectedCount }, ['all']),
    some({ previewId: mostly(fc.uuid()), expectedCount }, ['previewId'])
  ))
  return some({
    selection,
    set: changes[of],
    onError: mostly(fc.constantFrom('rollback', 'stop', 'continue')),
    onConflict: mostly(fc.constantFrom('fail', 'skip', 'wait')),
    reason: text,
    dryRun: mostly(fc.boolean())
  }, ['selection', 'set'])
}

for (const [name, schema] of [['items', items.bulkUpdateBody!], ['seats', seats.bulkUpdateBody!]] as const) {
  t.test(`both judge any body alike: ${name}`, async (t) => {
    const judged = { fit: 0, unfit: 0 }
    fc.assert(fc.property(bodies(name), (body) => {
      const accepted = ajv.validate({ $ref: `${schema.$id}#` }, body)
      judged[accepted ? 'fit' : 'unfit']++
      return accepted === (validationErrors(schema, body, { schemas: byId }).length === 0)
    }), { numRuns: 2000 })
    t.ok(judged.fit > 100 && judged.unfit > 100, `some of each: ${JSON.stringify(judged)}`)
  })
}
