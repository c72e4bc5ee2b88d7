import { Type, type TSchema } from '@sinclair/typebox'
import t from 'tap'
import { validationErrors } from '../../src/validation/validation-errors.ts'
import { byId, items, seats } from './item-schemas.ts'

const ids = [1]
const selection = { ids }
const set = { status: 'done' }
const integer = 'an integer from -2147483648 to 2147483647'
const fields = 'status, owner, name, priority'
const kinds = 'ids, filter, all, previewId'

/** Each is told by exactly these lines, `path: message`. */
const told: readonly [what: string, body: unknown, ...lines: string[]][] = [
  ['fits', { selection, set }],
  ['two kinds of selection', { selection: { ids, filter: { status: 'new' } }, set }, `/selection: exactly one of ${kinds} is allowed; given: ids, filter`],
  ['all kinds of selection', { selection: { ids, filter: {}, all: true, previewId: 'x' }, set }, `/selection: exactly one of ${kinds} is allowed; given: ${kinds}`],
  ['an empty selection', { selection: {}, set }, `/selection: exactly one of ${kinds} is allowed; given: none`],
  ['only what goes with a kind', { selection: { expectedCount: 3 }, set }, `/selection: exactly one of ${kinds} is allowed; given: none`],
  ['a misspelt kind', { selection: { idz: [1] }, set }, '/selection/idz: unknown field; did you mean ids? allowed: ids, versions, filter, exclude, expectedCount, all, previewId'],
  ['an unknown member beside the kind', { selection: { all: true, expectCount: 1 }, set }, '/selection/expectCount: unknown field; did you mean expectedCount? allowed: all, exclude, expectedCount'],
  ['what belongs to another kind', { selection: { ids, exclude: [2] }, set }, '/selection/exclude: not allowed together with ids'],
  ['no ids', { selection: { ids: [] }, set }, '/selection/ids: must not be empty'],
  ['an id of another type', { selection: { ids: [1, 'x', 3] }, set }, `/selection/ids/1: expected ${integer}; given: "x"`],
  ['all: false', { selection: { all: false }, set }, '/selection/all: expected true; given: false'],
  ['an empty filter', { selection: { filter: {} }, set }, `/selection/filter: must not be empty; allowed: ${fields}`],
  ['a misspelt filter field', { selection: { filter: { statuss: 'new' } }, set }, `/selection/filter/statuss: unknown field; did you mean status? allowed: ${fields}`],
  ['a field that cannot be filtered on', { selection: { filter: { notes: 'x' } }, set }, `/selection/filter/notes: unknown field; allowed: ${fields}`],
  ['a value out of a closed list', { selection: { filter: { status: 'old' } }, set }, '/selection/filter/status: expected one of new, done, held; given: "old"'],
  ['a misspelt operator', { selection: { filter: { status: { eqq: 'new' } } }, set }, '/selection/filter/status/eqq: unknown field; did you mean eq? allowed: eq, ne, in, nin, isNull'],
  ['an operator that the type has not', { selection: { filter: { status: { gt: 'new' } } }, set }, '/selection/filter/status/gt: unknown field; allowed: eq, ne, in, nin, isNull'],
  ['no operator', { selection: { filter: { priority: {} } }, set }, '/selection/filter/priority: must not be empty; allowed: eq, ne, in, nin, gt, gte, lt, lte, isNull'],
  ['an empty list of values', { selection: { filter: { priority: { in: [] } } }, set }, '/selection/filter/priority/in: must not be empty'],
  ['an empty search', { selection: { filter: { name: { contains: '' } } }, set }, '/selection/filter/name/contains: expected text of at least 1 character; given: ""; 0 characters were given'],
  ['null where a reference may be null', { selection: { filter: { owner: 'x' } }, set },
    `/selection/filter/owner: expected ${integer}, or null, or an object with eq, ne, in, nin, isNull; given: "x"`],
  ['no selection', { set }, '/selection: is missing; expected an object with ids, versions, or an object with filter, exclude, expectedCount, or an object with all, exclude, expectedCount, or an object with previewId, expectedCount'],
  ['an empty change set', { selection, set: {} }, '/set: must not be empty; allowed: status, priority, notes, name, owner, labels, amount, dueAt'],
  ['a misspelt field', { selection, set: { Status: 'new' } }, '/set/Status: unknown field; did you mean status? allowed: status, priority, notes, name, owner, labels, amount, dueAt'],
  ['null where it may not be', { selection, set: { status: null } }, '/set/status: expected one of new, done, held; given: null'],
  ['a fraction', { selection, set: { priority: 1.5 } }, `/set/priority: expected ${integer}, or null; given: 1.5`],
  ['a number out of bounds', { selection, set: { priority: 3e9 } }, `/set/priority: expected ${integer}; given: 3000000000`],
  ['a decimal as a number', { selection, set: { amount: 1.5 } }, '/set/amount: expected a decimal number of up to 10 digits before and 2 after the point, as a string, or null; given: 1.5'],
  ['too many digits', { selection, set: { amount: '1.234' } }, '/set/amount: expected a decimal number of up to 10 digits before and 2 after the point, as a string; given: "1.234"'],
  ['text that is too long', { selection, set: { name: '😀'.repeat(41) } }, `/set/name: expected text of up to 40 characters; given: "${'😀'.repeat(30)}…"; 41 characters were given`],
  ['text with NUL', { selection, set: { notes: 'a\0b' } }, '/set/notes: must not contain the character NUL (U+0000)'],
  ['a day that there is not', { selection, set: { dueAt: '2026-02-30T00:00:00Z' } }, '/set/dueAt: expected a point in time with its offset, RFC 3339; given: "2026-02-30T00:00:00Z"'],
  ['add and replace', { selection, set: { labels: { add: [1], replace: [2] } } }, '/set/labels: add cannot be given together with replace'],
  ['no change of a collection', { selection, set: { labels: {} } }, '/set/labels: must not be empty; allowed: add, remove; or replace'],
  ['a misspelt change', { selection, set: { labels: { replac: [1] } } }, '/set/labels/replac: unknown field; did you mean replace? allowed: add, remove, replace'],
  ['a list for a collection', { selection, set: { labels: [1, 2] } }, '/set/labels: expected an object with add, remove, or an object with replace; given: a list of 2'],
  ['nothing to add', { selection, set: { labels: { add: [], remove: ['x'] } } }, '/set/labels/add: must not be empty', `/set/labels/remove/0: expected ${integer}; given: "x"`],
  ['several errors', { selection: { ids: 'x' }, set, onErrror: 'stop', onConflict: 'no', reason: 5, dryRun: 1 },
    '/selection/ids: expected a list; given: "x"',
    '/onErrror: unknown field; did you mean onError? allowed: selection, set, onError, onConflict, reason, dryRun',
    '/onConflict: expected one of fail, skip, wait; given: "no"',
    '/reason: expected text of up to 1000 characters; given: 5',
    '/dryRun: expected true or false; given: 1'],
  ['no object', [], ': expected an object with selection, set, onError, onConflict, reason, dryRun; given: an empty list'],
  ['nothing', null, ': expected an object with selection, set, onError, onConflict, reason, dryRun; given: null'],
  ['a name with a slash', { selection, set, 'a/b~c': 1 }, '/a~1b~0c: unknown field; allowed: selection, set, onError, onConflict, reason, dryRun']
]

for (const [what, body, ...lines] of told) {
  t.test(what, async (t) => {
    const errors = validationErrors(items.bulkUpdateBody!, body, { schemas: byId })
    t.same(errors.map(({ path, message }) => `${path}: ${message}`), lines)
  })
}

t.test('a composite key and comparisons of it are told apart', async (t) => {
  const reference = seats.selection.anyOf[0].properties.ids.items as TSchema
  const filter = Type.Union([reference, Type.Null(), Type.Object({ eq: Type.Optional(reference), isNull: Type.Optional(Type.Boolean()) }, { additionalProperties: false, minProperties: 1 })])
  const lines = (value: unknown) => validationErrors(filter, value).map(({ path, message }) => `${path}: ${message}`)
  t.same(lines({ row: 'A', number: 1 }), [])
  t.same(lines({ eq: { row: 'A', number: 1 } }), [])
  t.same(lines({ row: 'A' }), [`/number: is missing; expected ${integer}`])
  t.same(lines({ eq: { row: 'A' } }), [`/eq/number: is missing; expected ${integer}`])
  t.same(lines({ row: 'A', number: 1, seat: 2 }), ['/seat: unknown field; allowed: row, number'])
})

t.test('a long list of errors is cut, at once', async (t) => {
  const errors = validationErrors(items.selection, { ids: Array(1_000_000).fill('x') }, { schemas: byId })
  t.equal(errors.length, 20)
})

t.test('what was given is shortened', async (t) => {
  const [error] = validationErrors(Type.Integer(), 'x'.repeat(10_000))
  t.ok(error!.message.length < 120)
})

t.test('members of the prototype are not members of the body', async (t) => {
  const body = JSON.parse('{ "selection": { "ids": [1] }, "set": { "constructor": 1, "toString": 2 } }')
  t.match(validationErrors(items.bulkUpdateBody!, body, { schemas: byId }), [{ path: '/set/constructor', message: /^unknown field/ }, { path: '/set/toString', message: /^unknown field/ }])
  t.match(validationErrors(items.bulkUpdateBody!, {}, { schemas: byId }), [{ path: '/selection' }, { path: '/set' }])
})
