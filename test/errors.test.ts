import t from 'tap'
import { allCodes, configurationError, engineError, errorTable, isPowercrudError, messageOf, PowercrudError, problem, toProblem } from '../src/errors.ts'
import { jobErrorCodes } from '../schemas/job.ts'
import { problemCodes, routeCodes } from '../schemas/problem.ts'
import { rowCodes } from '../schemas/results.ts'

t.test('no code is used twice, and each is lower snake case', async (t) => {
  const codes = allCodes()
  t.equal(new Set(codes).size, codes.length)
  for (const code of codes) t.match(code, /^[a-z]+(_[a-z]+)*$/)
})

t.test('the tables have every code of each closed list', async (t) => {
  const { problems, jobFailures, configuration } = errorTable()
  t.same(problems.map((row) => row.code).sort(), [...problemCodes].sort())
  const documented = new Set([...problems, ...jobFailures].map((row) => row.code))
  for (const code of [...routeCodes, ...rowCodes, ...jobErrorCodes]) t.ok(documented.has(code), code)
  for (const row of [...problems, ...jobFailures, ...configuration]) t.ok(row.when.length > 10, `${row.code} says when`)
})

t.test('the statuses are those of the contract', async (t) => {
  const statuses = Object.fromEntries(errorTable().problems.map(({ code, status }) => [code, status]))
  t.match(statuses, {
    validation_failed: 400,
    unauthenticated: 401,
    forbidden: 403,
    job_not_found: 404,
    preview_not_found: 404,
    not_acceptable: 406,
    unsupported_media_type: 415,
    records_locked: 409,
    wrong_state: 409,
    idempotency_in_flight: 409,
    count_mismatch: 412,
    stale_version: 412,
    too_many_records: 413,
    body_too_large: 413,
    reference_not_found: 422,
    rule_refused: 422,
    all_records_missing: 422,
    idempotency_key_reused: 422,
    too_many_jobs: 429,
    unavailable: 503,
    internal: 500
  })
  for (const code of rowCodes) if (code !== 'stale_version') t.equal(statuses[code], 422, code)
})

t.test('a problem carries its members and becomes a problem document', async (t) => {
  const cause = new RangeError('connection string of the database')
  const conflicts = [{ id: 7, jobId: '0199aa00-7c1e-7000-8000-000000000001', operation: 'update', since: '2026-11-24T09:30:00.000Z' }]
  const error = problem('records_locked', '100% of %s are locked', { conflicts, conflictCount: 1, retryAfterSeconds: 5, cause })
  t.equal(error.message, '100% of %s are locked', 'a per cent sign is no placeholder')
  t.match(error, { code: 'records_locked', statusCode: 409, title: 'Records are locked', retryAfterSeconds: 5, conflictCount: 1 })
  t.equal(error.cause, cause)
  t.ok(error instanceof PowercrudError && error instanceof Error)
  t.match(error.stack, /^.*\n.*errors\.test\.ts/, 'the stack begins where the problem was made')
  t.same(toProblem(error), {
    type: 'urn:problem-type:powercrud:records_locked',
    title: 'Records are locked',
    status: 409,
    detail: '100% of %s are locked',
    code: 'records_locked',
    conflicts,
    conflictCount: 1
  })
})

t.test('the default message is that of the code', async (t) => {
  t.equal(problem('job_not_found').message, 'there is no such job')
  t.equal(messageOf('unique_violation'), 'another record has this value already')
  t.equal(messageOf('poisoned'), 'the job killed its worker again and again')
})

t.test('count and job id reach the client, empty members do not', async (t) => {
  const jobId = '0199aa00-7c1e-7000-8000-000000000001'
  t.match(toProblem(problem('count_mismatch', undefined, { count: 0 })), { status: 412, count: 0 })
  t.match(toProblem(problem('check_violation', undefined, { jobId, errors: [{ path: '/set', message: 'no' }] })), { jobId, errors: [{ path: '/set' }] })
  t.same(Object.keys(toProblem(problem('forbidden'))), ['type', 'title', 'status', 'detail', 'code'])
})

t.test('an error that is not for clients becomes internal, without its message', async (t) => {
  for (const error of [new TypeError('select * from secret'), engineError('lease_lost', 'fence 3'), configurationError('invalid_options', 'redis://…'), 'thrown']) {
    const body = toProblem(error)
    t.match(body, { code: 'internal', status: 500, detail: 'something went wrong on our side' })
  }
})

t.test('isPowercrudError distinguishes our errors from others, and codes from each other', async (t) => {
  t.ok(isPowercrudError(engineError('lease_lost'), 'lease_lost'))
  t.notOk(isPowercrudError(engineError('lease_lost'), 'unknown_transition'))
  t.notOk(isPowercrudError(Object.assign(new TypeError('x'), { code: 'lease_lost' })))
})
