import createError from '@fastify/error'
import type { Conflict, Problem, ProblemCode, ProblemItem } from '../schemas/problem.ts'
import type { jobErrorCodes } from '../schemas/job.ts'

// All errors of the package. The README's tables are generated from this list.

/** HTTP status, title (always the same for a code), default message, when it happens. */
type Entry = readonly [status: number, title: string, message: string, when: string]

/** Errors of the routes. The codes are those of the `PowercrudProblem` schema: one more or less does not compile. */
const problems = {
  validation_failed: [400, 'The request is not valid',
    'the request does not fit its schema',
    'malformed body, unknown field, a value that fails its schema'],
  unauthenticated: [401, 'Not signed in',
    'sign in to do this',
    '`authorize` refused a caller without a user, or anonymous background jobs are not allowed'],
  forbidden: [403, 'Not allowed',
    'you are not allowed to do this',
    '`authorize` refused, before the body is judged'],
  job_not_found: [404, 'No such job',
    'there is no such job',
    'unknown job, or one that the caller may not see'],
  preview_not_found: [404, 'No such preview',
    'there is no such preview; it may have expired or been used',
    'unknown, expired or used preview, or one of another user'],
  not_acceptable: [406, 'No such representation',
    'this route answers in none of the accepted media types',
    '`Accept` allows none of the media types of the route'],
  unsupported_media_type: [415, 'Unsupported media type',
    'the body must be application/json',
    '`Content-Type` is not JSON'],
  records_locked: [409, 'Records are locked',
    'another job has locked some of these records',
    'another job holds records of the selection, or waits for them (`conflicts`, `conflictCount`)'],
  wrong_state: [409, 'Not possible in this status',
    'the job is not in a status that allows this',
    'an action that the status or the mode of the job does not allow'],
  idempotency_in_flight: [409, 'The same request is being handled',
    'a request with this Idempotency-Key is being handled right now',
    'a second request with the key of a request that has no response yet'],
  count_mismatch: [412, 'The selection has another size',
    'the selection has not as many records as expected',
    '`expectedCount` differs from what was found (`count`)'],
  stale_version: [412, 'The record has changed',
    'a record has changed since it was read',
    'a version given with the ids is no longer the version of the record; in a background job it is a row code'],
  too_many_records: [413, 'Too many records',
    'the selection has more records than this resource allows',
    'more than `bulkMaxSelectedRecords`'],
  body_too_large: [413, 'The body is too large',
    'the body is larger than a selection of this resource can be',
    'the body exceeds the limit that follows `bulkMaxSelectedRecords`'],
  reference_not_found: [422, 'A referenced record does not exist',
    'a referenced record does not exist',
    'a reference in `set` to a record that does not exist, or is not among the declared choices'],
  rule_refused: [422, 'A rule refused the change',
    'a rule of the application refused the change',
    '`validate` refused, or a preview was launched with a different operation or `set`'],
  all_records_missing: [422, 'None of the records exists',
    'none of the selected records exists any more',
    'no record of the selection exists any more'],
  idempotency_key_reused: [422, 'The Idempotency-Key was used for another request',
    'this Idempotency-Key belongs to a request with another body',
    'a known key with another body'],
  too_many_jobs: [429, 'Too many jobs',
    'you have too many jobs waiting; try again when some have ended',
    'the user already has `maxQueuedJobsPerUser` queued or waiting jobs (`Retry-After`)'],
  unavailable: [503, 'Not available right now',
    'the database or the queue cannot be reached; nothing was changed',
    'database, queue or live store not reachable (`Retry-After`); nothing is left half done'],
  busy: [503, 'Too busy right now',
    'too many requests are waiting for the database; nothing was changed; try again later',
    'no connection to the database was free in time, or too many requests wait for one (`Retry-After`)'],
  refused: [403, 'The application refused the request',
    'the application refused the request',
    'a hook of the application threw an error below 500, or with 503, whose status is kept (429: `rate_limited`)'],
  rate_limited: [429, 'Too many requests',
    'too many requests; try again later',
    'a hook of the application threw an error with status 429'],
  internal: [500, 'Internal error',
    'something went wrong on our side',
    'any unexpected error; the cause is in the log, never in the response'],
  missing: [422, 'The record does not exist',
    'the record does not exist any more',
    'the record did not exist any more when the job processed it'],
  unique_violation: [422, 'The value is taken',
    'another record has this value already',
    'the database: unique constraint'],
  foreign_key_violation: [422, 'A reference would break',
    'other records refer to this one, or it would refer to none',
    'the database: foreign key'],
  check_violation: [422, 'A rule of the database refused the value',
    'a check of the database refused the value',
    'the database: check constraint'],
  not_null_violation: [422, 'The value must not be empty',
    'the value must not be null',
    'the database: not-null constraint'],
  exclusion_violation: [422, 'The value collides with another record',
    'the value collides with that of another record',
    'the database: exclusion constraint'],
  value_too_long: [422, 'The value is too long',
    'the value is too long for its column',
    'the database: string data right truncation'],
  out_of_range: [422, 'The value is out of range',
    'the value is out of the range of its column',
    'the database: numeric or date value out of range'],
  raised_by_trigger: [422, 'A trigger refused the change',
    'a trigger of the database refused the change',
    'the database: `RAISE EXCEPTION`'],
  changed_since: [422, 'The record has changed since',
    'the record was changed after the job that is to be undone',
    'undo: the record no longer has the value that the job wrote'],
  locked: [422, 'The record is locked',
    'another job has locked the record',
    'left out by `onConflict: skip`, or a dependent record is held by another job'],
  lock_timeout: [422, 'The record was busy for too long',
    'the record was locked by another transaction for too long',
    'the database: `lock_timeout`'],
  statement_timeout: [422, 'The database took too long',
    'the database took too long over the record',
    'the database: `statement_timeout`'],
  serialization_failure: [422, 'Other transactions kept interfering',
    'other transactions interfered, again and again',
    'the database: deadlock or serialization failure, after all retries'],
  hook_failed: [422, 'A hook failed',
    'a hook of the application failed for the record',
    'a lifecycle hook, subscriber or `persistence` of the application threw']
} as const satisfies Record<ProblemCode, Entry>

/** Title, message, when. */
type JobFailure = readonly [title: string, message: string, when: string]

/** Why a job as a whole failed: the `error.code` of a job, never the response to a request. */
const jobFailures = {
  rolled_back: ['Rolled back',
    'a record failed, and everything was rolled back',
    '`onError: rollback`, and a record failed; its own code is in the row results'],
  stopped: ['Stopped at a failure',
    'a record failed; what was committed before stays',
    '`onError: stop`, and a record failed'],
  stuck: ['Stuck',
    'the job made no progress for too long',
    'no progress for `maxTaskDuration`'],
  abandoned: ['Abandoned',
    'no worker took the job up',
    'no worker claimed it for `conflictTtl`, and no capable worker was alive'],
  poisoned: ['Poisoned',
    'the job killed its worker again and again',
    'three of its workers died, or its connection was lost ten times without progress'],
  task_failed: ['The task failed',
    'the task failed',
    'the handler of a task threw']
} as const satisfies Record<Exclude<typeof jobErrorCodes[number], ProblemCode>, JobFailure>

/** Configuration errors of the application, found at registration or at the first call. */
const configurationErrors = {
  invalid_options: [500, 'Wrong options',
    'the options are wrong',
    'registration: options of the plugin or of a resource'],
  unmappable_property: [500, 'A property cannot be mapped',
    'a property has a type that has no schema',
    'registration: a field of an unknown type'],
  migrations_missing: [500, 'The tables are missing',
    'the tables of this plugin are missing or older than this version; register with migrate: true, or run `powercrud-async migrate`',
    'start: the schema in the database is not that of this version'],
  unknown_task: [500, 'Unknown task',
    'no task of this name is registered',
    '`launch` with a name that is not in `tasks`']
} as const satisfies Record<string, Entry>

/** Errors inside the engine, which never leave it. */
const engineErrors = {
  pool_busy: [500, 'Pool busy',
    'no connection to the database was free in time',
    'the queue of a connection pool is full, or the wait took too long; clients see `busy`'],
  lease_lost: [500, 'Lease lost',
    'another worker has claimed the job',
    'the fencing token of a worker is no longer that of the job'],
  interrupted: [500, 'Interrupted',
    'the work was interrupted',
    'a cancel, a pause or the shutdown of the worker, in the middle of the only transaction of a job'],
  records_out_of_step: [500, 'Records out of step',
    'the records that were loaded are not those that were locked',
    'the entity path found other records than it had locked'],
  no_such_transition: [500, 'No such transition',
    'a job cannot end like this',
    'the end of a job with a status that its transition does not have'],
  unknown_operation: [500, 'Unknown operation',
    'no writer knows this operation',
    'a bulk job of an operation that is neither update nor delete'],
  unknown_transition: [500, 'Unknown transition',
    'there is no such transition between job statuses',
    'a status that the transition table does not allow']
} as const satisfies Record<string, Entry>

export type JobFailureCode = keyof typeof jobFailures
export type ConfigurationErrorCode = keyof typeof configurationErrors
export type EngineErrorCode = keyof typeof engineErrors
export type ErrorCode = ProblemCode | ConfigurationErrorCode | EngineErrorCode

/** Members that an error may carry beside its message; those that the problem schema knows reach the client. */
export interface ErrorExtras {
  /** The single errors, if there are several. */
  readonly errors?: readonly ProblemItem[]
  /** The records that other jobs have locked: at most 100 of them. */
  readonly conflicts?: readonly Conflict[]
  readonly conflictCount?: number
  /** How many records the selection really has. */
  readonly count?: number
  readonly jobId?: string
  /** For the header `Retry-After`. */
  readonly retryAfterSeconds?: number
  /** The status of `refused`, which is that of the application's own error. */
  readonly statusCode?: number
  /** What was underneath; for the log only. */
  readonly cause?: unknown
}

/** What all our errors are: `error instanceof PowercrudError`. Made by `problem()` and its sisters only. */
export class PowercrudError extends Error {
  declare readonly code: ErrorCode
  declare readonly statusCode: number
  declare readonly title: string
  declare readonly errors?: readonly ProblemItem[]
  declare readonly conflicts?: readonly Conflict[]
  declare readonly conflictCount?: number
  declare readonly count?: number
  declare readonly jobId?: string
  declare readonly retryAfterSeconds?: number
}

type Constructor = new (detail: string, options?: { cause: unknown }) => PowercrudError
type Maker = typeof problem | typeof configurationError | typeof engineError

const catalogue: Record<ErrorCode, Entry> = { ...problems, ...configurationErrors, ...engineErrors }

// The base is given for `instanceof`: of it @fastify/error uses the prototype alone. We take the stack ourselves.
const constructors = new Map(Object.entries(catalogue).map(([code, [status]]) =>
  [code, createError(code, '%s', status, PowercrudError as unknown as ErrorConstructor, false) as unknown as Constructor] as const))

function make (code: ErrorCode, detail: string | undefined, { cause, ...members }: ErrorExtras, maker: Maker): PowercrudError {
  const [, title, message] = catalogue[code]
  const Constructor = constructors.get(code)!
  const error = cause === undefined ? new Constructor(detail ?? message) : new Constructor(detail ?? message, { cause })
  // @fastify/error writes codes in capitals; ours are those of the contract.
  Object.assign(error, { name: 'PowercrudError', code, title, ...members })
  Error.captureStackTrace(error, maker)
  return error
}

/**
 * An error whose message is sent to clients.
 * @param detail what went wrong this time; the code's own message when left out
 */
export function problem (code: ProblemCode, detail?: string, extras: ErrorExtras = {}): PowercrudError {
  return make(code, detail, extras, problem)
}

/** A configuration error of the application, thrown at registration. */
export function configurationError (code: ConfigurationErrorCode, detail?: string, extras: ErrorExtras = {}): PowercrudError {
  return make(code, detail, extras, configurationError)
}

/** A signal inside the engine. */
export function engineError (code: EngineErrorCode, detail?: string, extras: ErrorExtras = {}): PowercrudError {
  return make(code, detail, extras, engineError)
}

/** Is it one of ours, and (where given) of this code? */
export function isPowercrudError (error: unknown, code?: ErrorCode): error is PowercrudError {
  return error instanceof PowercrudError && (code === undefined || error.code === code)
}

/** The body that a client is answered: RFC 9457. What is not meant for clients becomes `internal`, without its message. */
export function toProblem (error: unknown): Problem {
  if (!isPowercrudError(error) || !(error.code in problems)) return toProblem(problem('internal'))
  const code = error.code as ProblemCode
  return {
    type: `urn:problem-type:powercrud:${code}`,
    title: error.title,
    status: error.statusCode,
    detail: error.message,
    code,
    ...(error.errors && { errors: [...error.errors] }),
    ...(error.conflicts && { conflicts: [...error.conflicts] }),
    ...(error.conflictCount !== undefined && { conflictCount: error.conflictCount }),
    ...(error.count !== undefined && { count: error.count }),
    ...(error.jobId !== undefined && { jobId: error.jobId })
  }
}

/** The message that goes with a row's or a job's code when nothing more precise is known. */
export function messageOf (code: ProblemCode | JobFailureCode): string {
  return code in jobFailures ? jobFailures[code as JobFailureCode][1] : problems[code as ProblemCode][2]
}

export interface ErrorTableRow {
  readonly code: string
  /** Null for codes of jobs, which are never a response. */
  readonly status: number | null
  readonly when: string
}

/** The README's tables of errors: what routes answer, why jobs fail, and what is wrong with the configuration. */
export function errorTable (): { problems: ErrorTableRow[], jobFailures: ErrorTableRow[], configuration: ErrorTableRow[] } {
  const rows = (entries: Record<string, Entry>) => Object.entries(entries).map(([code, [status, , , when]]) => ({ code, status, when }))
  return {
    problems: rows(problems),
    jobFailures: Object.entries(jobFailures).map(([code, [, , when]]) => ({ code, status: null, when })),
    configuration: rows(configurationErrors)
  }
}

/** All codes there are, to check that none is used twice. */
export function allCodes (): string[] {
  return [problems, jobFailures, configurationErrors, engineErrors].flatMap((table) => Object.keys(table))
}
