import Fastify from 'fastify'
import t from 'tap'
import { sharedComponents } from '../../schemas/components.ts'
import type { BulkOptions } from '../../schemas/bulk-options.ts'
import type { Job, JobPage } from '../../schemas/job.ts'
import type { Locks } from '../../schemas/locks.ts'
import type { Preview } from '../../schemas/preview.ts'
import type { Problem } from '../../schemas/problem.ts'
import type { ResultPage } from '../../schemas/results.ts'

const id = '0199aa00-7c1e-7000-8000-000000000001'
const now = '2026-11-24T09:30:00.000Z'
const conflict = { id: { row: 'A', number: 1 }, jobId: id, operation: 'update', since: now }

const queued: Job = {
  id,
  resource: 'items',
  operation: 'update',
  status: 'queued',
  counts: { total: 3, processed: 0, succeeded: 0, unchanged: 0, missing: 0, skipped: 0, failed: 0 },
  progress: { percent: 0, message: 'queued', ratePerSecond: null, etaSeconds: null },
  onError: 'rollback',
  onConflict: 'fail',
  attempts: 0,
  createdBy: null,
  set: { status: 'done', owner: null, tags: { add: [1] } },
  reason: null,
  undoOf: null,
  retryOf: null,
  createdAt: now,
  startedAt: null,
  finishedAt: null,
  error: null,
  result: null,
  links: { self: '/j', progress: '/p', events: '/e', results: '/r', cancel: '/c', undo: null }
}

const failed: Job = {
  ...queued,
  resource: null,
  operation: 'rebuild-project',
  status: 'failed',
  progress: { percent: 33.3, message: 'updating: 1/3', ratePerSecond: 812.5, etaSeconds: 2 },
  createdBy: { id: '7', label: 'ada "the" <lady>' },
  set: null,
  reason: '',
  undoOf: id,
  retryOf: id,
  startedAt: now,
  finishedAt: now,
  error: { code: 'unique_violation', message: 'taken' },
  result: { files: [1, 'two', null, { deep: true }] },
  links: { ...queued.links, cancel: null, undo: '/u' }
}

const results: ResultPage = {
  items: [
    { index: 0, id: 1, outcome: 'succeeded' },
    { index: 1, id: '9007199254740993', outcome: 'failed', code: 'check_violation', message: 'no', field: 'status' },
    { index: 2, id: { row: 'A', number: 1 }, outcome: 'unprocessed' }
  ],
  nextCursor: 'abc'
}

const preview: Preview = {
  previewId: id,
  count: 2,
  sample: [{ id: 1, before: { status: 'new', owner: null }, after: { status: 'done', owner: 7 } }, { id: 2, before: { status: 'new' }, after: null }],
  failures: [{ index: 0, id: 1, outcome: 'failed', code: 'missing' }],
  checkedCount: 2,
  conflicts: [conflict],
  conflictCount: 1,
  cascades: [{ table: 'comment', columns: ['item_id'], effect: 'cascade', count: 5 }],
  expiresAt: now
}

const problem: Problem = {
  type: 'urn:problem-type:powercrud:records_locked',
  title: 'Records are locked',
  status: 409,
  detail: 'no',
  code: 'records_locked',
  conflicts: [conflict, { ...conflict, id: 1 }, { ...conflict, id: 'de' }],
  conflictCount: 3,
  errors: [{ path: '/set', message: 'no' }],
  count: 0,
  jobId: id
}

const locks: Locks = { items: [{ ...conflict, createdBy: null }, { ...conflict, id: 7, createdBy: { id: '7', label: 'ada' } }] }

const options: BulkOptions = {
  fields: [
    {
      name: 'status',
      label: 'Status',
      kind: 'scalar',
      type: 'enum',
      nullable: false,
      schema: { type: 'string', enum: ['new'], description: null },
      choices: { items: [{ value: 'new', label: 'New' }, { value: 1, label: 'One' }, { value: true, label: 'Yes' }, { value: { row: 'A', number: 1 }, label: 'A1' }], nextCursor: null }
    },
    { name: 'notes', label: 'Notes', kind: 'scalar', type: 'text', nullable: true, schema: { anyOf: [{ type: 'string' }, { type: 'null' }] }, choices: null }
  ],
  filterFields: [{ name: 'status', label: 'Status', kind: 'scalar', type: 'enum', nullable: false, schema: {}, operators: ['eq', 'in'] }],
  limits: { bulkMaxSelectedRecords: 100_000, bulkMinAsyncRecords: 20 },
  actions: { update: true, delete: false }
}

const page: JobPage = { items: [queued, failed], nextCursor: null }

// Serializers turn a null in the wrong place into "" or 0, and drop what a schema does not name.
for (const [name, body] of Object.entries({ Job: queued, JobPage: page, Problem: problem, ResultPage: results, Preview: preview, Locks: locks, BulkOptions: options })) {
  t.test(`${name} arrives as it was sent`, async (t) => {
    const app = Fastify()
    t.teardown(() => app.close())
    for (const component of sharedComponents()) app.addSchema(component)
    app.get('/', { schema: { response: { 200: { $ref: `Powercrud${name}#` } } } }, async () => body)
    const reply = await app.inject('/')
    t.equal(reply.statusCode, 200)
    t.strictSame(reply.json(), body)
  })
}
