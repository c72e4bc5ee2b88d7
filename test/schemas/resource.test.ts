import t from 'tap'
import { buildAjv } from '../../src/validation/ajv.ts'
import { selectionKind, selectionErrors, type Selection } from '../../schemas/selection.ts'
import { resolveOptions } from '../../src/app/options/index.ts'
import { entities, Item, Ledger, Owner, Seat } from '../fixtures/entities.ts'
import { discover } from './discover.ts'

const { resources } = resolveOptions({
  orm: discover(entities),
  schemaPrefix: 'Acme',
  resources: {
    items: {
      entity: Item,
      path: '/items',
      bulkFields: ['status', 'priority', 'notes', 'owner', 'labels', 'amount', 'dueAt'],
      filterFields: ['status', 'owner', 'name', 'priority', 'dueAt'],
      bulkDelete: true
    },
    seats: { entity: Seat, path: '/seats', bulkFields: ['taken'], filterFields: ['row', 'number'] },
    ledgers: { entity: Ledger, path: '/ledgers', bulkDelete: true },
    owners: { entity: Owner, path: '/owners', bulkFields: ['name'] },
    'owners-archive': { entity: Owner, path: '/archive', bulkFields: ['name'] }
  }
})
const ajv = buildAjv(Object.values(resources).flatMap(({ schemas }) => schemas.components), 'body')
const accepts = (id: string, body: unknown) => ajv.validate({ $ref: `${id}#` }, body)

const previewId = '0199aa00-7c1e-7000-8000-000000000001'
const ids = [1]
const set = { status: 'done' }

interface Case { name: string, id: string, fit: readonly unknown[], unfit: readonly unknown[] }

const selections: Case = {
  name: 'a selection is exactly one of four',
  id: 'AcmeItemSelection',
  fit: [
    { ids: [1, 2, 2] },
    { ids: [1, 2], versions: [1, 1] },
    { filter: { status: 'new' } },
    { filter: { status: 'new' }, exclude: [3], expectedCount: 0 },
    { all: true },
    { all: true, exclude: [], expectedCount: 7 },
    { previewId },
    { previewId, expectedCount: 3 }
  ],
  unfit: [
    {},
    null,
    [],
    { ids: [] },
    { ids: ['1'] },
    { ids: [null] },
    { ids: 1 },
    { ids, filter: { status: 'new' } },
    { ids, all: true },
    { ids, previewId },
    { ids, exclude: [1] },
    { ids, expectedCount: 1 },
    { filter: { status: 'new' }, all: true },
    { filter: { status: 'new' }, versions: [1] },
    { all: false },
    { all: 'true' },
    { all: true, expectedCount: -1 },
    { all: true, expectedCount: '1' },
    { previewId: 'x' },
    { previewId, exclude: [1] },
    { ids, more: 1 }
  ]
}

const filters: Case = {
  name: 'a filter is never empty, knows its fields and their operators',
  id: 'AcmeItemFilter',
  fit: [
    { status: 'new' },
    { status: { eq: 'new' } },
    { status: { in: ['new', 'done'] } },
    { status: { isNull: true } },
    { priority: null },
    { priority: { eq: null } },
    { priority: { ne: null } },
    { priority: { gte: 1, lt: 5 } },
    { owner: 7 },
    { owner: { nin: [1, 2] } },
    { owner: null },
    { name: { contains: 'x' } },
    { name: { startsWith: 'x', ne: 'xy' } },
    { dueAt: { gt: '2026-11-24T00:00:00Z' } },
    { status: 'new', priority: 3 }
  ],
  unfit: [
    {},
    null,
    { statuss: 'new' },
    { notes: 'x' },
    { status: 'old' },
    { status: null },
    { status: {} },
    { status: [] },
    { status: ['new'] },
    { status: { eqq: 'new' } },
    { status: { eq: null } },
    { status: { in: [] } },
    { status: { nin: [] } },
    { status: { in: [null] } },
    { status: { in: 'new' } },
    { status: { gt: 'new' } },
    { status: { contains: 'n' } },
    { priority: '1' },
    { priority: { contains: '1' } },
    { priority: { gt: null } },
    { priority: { in: [null] } },
    { owner: 'x' },
    { owner: { gt: 1 } },
    { owner: { isNull: 'yes' } },
    { name: { startsWith: '' } },
    { name: { contains: '' } },
    { name: 'a\0' },
    { name: 'x'.repeat(41) },
    { dueAt: '2026-11-24' }
  ]
}

const bulkUpdates: Case = {
  name: 'the body of a bulk update',
  id: 'AcmeItemBulkUpdate',
  fit: [
    { selection: { ids }, set },
    { selection: { all: true }, set, onError: 'continue', onConflict: 'wait', reason: 'because', dryRun: true },
    { selection: { ids }, set: { priority: null, notes: null, owner: null, amount: '1.50', dueAt: null } },
    { selection: { ids }, set: { labels: { add: [1] } } },
    { selection: { ids }, set: { labels: { add: [1], remove: [2] } } },
    { selection: { ids }, set: { labels: { replace: [] } } }
  ],
  unfit: [
    {},
    { selection: { ids } },
    { set },
    { selection: { ids }, set: {} },
    { selection: { ids }, set: { status: null } },
    { selection: { ids }, set: { status: 'old' } },
    { selection: { ids }, set: { name: 'not editable' } },
    { selection: { ids }, set: { version: 3 } },
    { selection: { ids }, set: { amount: 1.5 } },
    { selection: { ids }, set: { amount: '12345678901.00' } },
    { selection: { ids }, set: { labels: {} } },
    { selection: { ids }, set: { labels: [1] } },
    { selection: { ids }, set: { labels: { add: [] } } },
    { selection: { ids }, set: { labels: { add: ['1'] } } },
    { selection: { ids }, set: { labels: { add: [1], replace: [2] } } },
    { selection: { ids }, set: { labels: null } },
    { selection: { ids }, set, onError: 'ignore' },
    { selection: { ids }, set, onConflict: null },
    { selection: { ids }, set, reason: 'a\0' },
    { selection: { ids }, set, reason: 'x'.repeat(1001) },
    { selection: { ids }, set, dryRun: 'true' },
    { selection: { ids }, set, more: 1 }
  ]
}

const others: Case[] = [
  {
    name: 'the body of a bulk delete',
    id: 'AcmeLedgerBulkDelete',
    fit: [{ selection: { ids: ['9007199254740993'] } }, { selection: { all: true, expectedCount: 3 }, onError: 'stop' }],
    unfit: [{ selection: { ids: [9007199254740992] } }, { selection: { ids: ['1'] }, set }, { selection: { filter: {} } }, {}]
  },
  {
    name: 'composite keys are objects',
    id: 'AcmeSeatBulkUpdate',
    fit: [{ selection: { ids: [{ row: 'A', number: 1 }] }, set: { taken: true } }, { selection: { filter: { row: { gt: 'A' } } }, set: { taken: false } }],
    unfit: [{ selection: { ids: ['A1'] }, set: { taken: true } }, { selection: { ids: [{ row: 'A' }] }, set: { taken: true } }, { selection: { ids: [{ row: 'A', number: 1 }], versions: [1] }, set: { taken: true } }]
  },
  { name: 'the question for locks', id: 'AcmeItemLocksQuery', fit: [{ ids }], unfit: [{ ids: [] }, {}, { ids, x: 1 }] }
]

for (const { name, id, fit, unfit } of [selections, filters, bulkUpdates, ...others]) {
  t.test(name, async (t) => {
    for (const body of fit) t.ok(accepts(id, body), JSON.stringify(body))
    for (const body of unfit) t.notOk(accepts(id, body), `not ${JSON.stringify(body).slice(0, 100)}`)
  })
}

t.test('names carry the prefix, the entity and the operation', async (t) => {
  t.same(resources.items!.schemas.components.map(({ $id }) => $id), [
    'AcmeItemFilter', 'AcmeItemSelection', 'AcmeItemChanges', 'AcmeItemBulkUpdate', 'AcmeItemBulkDelete', 'AcmeItemLocksQuery'
  ])
  t.same(resources.ledgers!.schemas.components.map(({ $id }) => $id), ['AcmeLedgerSelection', 'AcmeLedgerBulkDelete', 'AcmeLedgerLocksQuery'])
  t.equal(resources.ledgers!.schemas.bulkUpdateBody, undefined, 'no bulk fields, no bulk update')
  t.equal(resources.owners!.schemas.bulkUpdateBody?.$id, 'AcmeOwnersBulkUpdate', 'two resources on one entity are told apart by their own names')
  t.equal(resources['owners-archive']!.schemas.bulkUpdateBody?.$id, 'AcmeOwnersArchiveBulkUpdate')
})

t.test('examples fit their own schema', async (t) => {
  for (const { schemas } of Object.values(resources)) {
    for (const { $id, examples } of schemas.components) for (const example of examples ?? []) t.ok(accepts($id!, example), `${$id}: ${JSON.stringify(example)}`)
  }
})

t.test('a query string asks for locks, but not by composite keys', async (t) => {
  const text = buildAjv([], 'text')
  const query: { ids: unknown } = { ids: '7' }
  t.ok(text.validate(resources.items!.schemas.locksQuerystring!, query))
  t.same(query.ids, [7])
  t.notOk(text.validate(resources.items!.schemas.locksQuerystring!, { ids: ['x'] }))
  t.equal(resources.seats!.schemas.locksQuerystring, undefined)
})

t.test('what a schema of a selection cannot express', async (t) => {
  const filter = { status: 'new' }
  const cases: readonly [operation: 'update' | 'delete', selection: Selection, dryRun: boolean, path?: string][] = [
    ['update', { ids: [1, 2], versions: [1, 2] }, false],
    ['update', { ids: [1, 2], versions: [1] }, false, '/selection/versions'],
    ['delete', { ids: [1, 2], versions: [1, 2, 3] }, false, '/selection/versions'],
    ['update', { filter }, false],
    ['update', { all: true }, false],
    ['delete', { ids: [1] }, false],
    ['delete', { filter }, false, '/selection/expectedCount'],
    ['delete', { all: true }, false, '/selection/expectedCount'],
    ['delete', { filter }, true],
    ['delete', { all: true, expectedCount: 0 }, false],
    ['delete', { previewId }, false]
  ]
  for (const [operation, selection, dryRun, path] of cases) {
    t.same(selectionErrors(operation, selection, dryRun).map((mistake) => mistake.path), path === undefined ? [] : [path], `${operation} ${JSON.stringify(selection)} ${dryRun}`)
  }
  t.equal(selectionKind({ all: true }), 'all')
  t.equal(selectionKind({ previewId, expectedCount: 1 }), 'previewId')
})
