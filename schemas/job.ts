import { Type, type Static } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Instant, JobId, Nullable, OneOf, User } from './common.ts'
import { rowCodes } from './results.ts'

/** Statuses of an active job: it holds its records, or waits for them. */
export const livingStatuses = ['queued', 'waiting', 'running', 'pausing', 'paused', 'cancelling'] as const

/** Statuses that a job never leaves. */
export const terminalStatuses = ['succeeded', 'completed_with_errors', 'failed', 'cancelled'] as const

export const jobStatuses = [...livingStatuses, ...terminalStatuses] as const

export type JobStatus = typeof jobStatuses[number]
export type TerminalStatus = typeof terminalStatuses[number]

/** What to do with the rest when a record fails. */
export const onErrorModes = ['rollback', 'stop', 'continue'] as const
export type OnError = typeof onErrorModes[number]

/** What to do with records that another job has locked. */
export const onConflictModes = ['fail', 'skip', 'wait'] as const
export type OnConflict = typeof onConflictModes[number]

/** Why a whole job failed, beside the row codes (a job that fails at a record carries that record's code). */
export const jobErrorCodes = [
  'all_records_missing', 'reference_not_found', 'rolled_back', 'stopped', 'stuck', 'abandoned', 'poisoned', 'task_failed',
  'unavailable', 'internal'
] as const
export type JobErrorCode = typeof jobErrorCodes[number] | typeof rowCodes[number]

const tally = (description: string) => Type.Integer({ minimum: 0, description })

export const Counts = Type.Object({
  total: tally('Records in the selection.'),
  processed: tally('Records that the job is done with; in a terminal job the sum of the others.'),
  succeeded: tally('Records written and committed.'),
  unchanged: tally('Records that already had the values, and were not written.'),
  missing: tally('Records that were gone when their turn came.'),
  skipped: tally('Records left out on purpose: locked by another job, or changed since.'),
  failed: tally('Records that could not be written.')
}, { ...closed, description: 'The records of the job, counted.' })
export type Counts = Static<typeof Counts>

export const JobError = Type.Object({
  code: Type.Unsafe<JobErrorCode>(OneOf([...jobErrorCodes, ...rowCodes], { description: 'What went wrong, for programs.' })),
  message: Type.String({ description: 'What went wrong, for people.' })
}, { ...closed, description: 'Why the job failed.' })
export type JobError = Static<typeof JobError>

const Progress = Type.Object({
  percent: Type.Number({ minimum: 0, maximum: 100, description: 'How much of the job is done.' }),
  message: Type.String({ description: 'What the job is at, for people.', examples: ['updating: 300/2000'] }),
  ratePerSecond: Nullable(Type.Number({ minimum: 0 }), { description: 'Records per second of late; null while unknown.' }),
  etaSeconds: Nullable(Type.Number({ minimum: 0 }), { description: 'Seconds until the end, estimated; null while unknown.' })
}, { ...closed, description: 'How far the job is.' })
export type JobProgress = Static<typeof Progress>

const link = (description: string) => Type.String({ format: 'uri-reference', description })

const Links = Type.Object({
  self: link('The job.'),
  progress: link('The job, for polling: 200 while it lives, 286 once it has ended.'),
  events: Nullable(link('The job, as a stream of server-sent events.'), { description: 'Null where there is no such stream.' }),
  results: link('What became of each record.'),
  cancel: Nullable(link('POST here to cancel.'), { description: 'Null once the job cannot be cancelled any more.' }),
  undo: Nullable(link('POST here to undo.'), { description: 'Null where the job cannot be undone.' })
}, { ...closed, description: 'Where to go from here.' })
export type JobLinks = Static<typeof Links>

/** The one shape that launches, progress, job, events and actions answer; `status` says which. */
export function JobSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    id: JobId,
    resource: Nullable(Type.String(), { description: 'The name of the resource; null for a task.' }),
    operation: Type.String({ description: '`update`, `delete`, or the name of a task.', examples: ['update'] }),
    status: OneOf(jobStatuses, {
      description: `Where the job stands. Terminal: ${terminalStatuses.join(', ')}. \`waiting\` is waiting for records that another job has locked.`
    }),
    counts: Counts,
    progress: Progress,
    onError: OneOf(onErrorModes, { description: 'What happens to the rest when a record fails.' }),
    onConflict: OneOf(onConflictModes, { description: 'What happens to records that another job has locked.' }),
    attempts: Type.Integer({ minimum: 0, description: 'How often a worker took the job up.' }),
    createdBy: Nullable(User, { description: 'Who started it; null where the application knows no users.' }),
    set: Nullable(Type.Record(Type.String(), Type.Unknown()), {
      description: 'What an update writes, as it was launched; null for every other operation.', examples: [{ status: 'verified' }]
    }),
    reason: Nullable(Type.String(), { description: 'Why it was started, in the words of the person who did.' }),
    undoOf: Nullable(JobId, { description: 'The job that this one undoes.' }),
    retryOf: Nullable(JobId, { description: 'The job whose failed or unprocessed records this one takes up.' }),
    createdAt: Instant,
    startedAt: Nullable(Instant, { description: 'When a worker first took it up.' }),
    finishedAt: Nullable(Instant, { description: 'When it came to its end.' }),
    error: Nullable(JobError, { description: 'Why it failed, or null.' }),
    result: Type.Unknown({ description: 'What a task answered; null otherwise.' }),
    links: Links
  }, { ...closed, $id: `${prefix}Job`, title: `${prefix}Job`, description: 'A bulk operation, from its launch to its end.' })
}

export type Job = Static<ReturnType<typeof JobSchema>>

/** A page of jobs, newest first. */
export function JobPageSchema (prefix: string = defaultSchemaPrefix) {
  return Type.Object({
    items: Type.Array(Type.Unsafe<Job>({ $ref: `${prefix}Job#` }), { description: 'The jobs of this page.' }),
    nextCursor: Nullable(Type.String(), { description: 'Give it as `cursor` to get the next page; null on the last.' })
  }, { ...closed, $id: `${prefix}JobPage`, title: `${prefix}JobPage`, description: 'A page of jobs, newest first.' })
}
export type JobPage = Static<ReturnType<typeof JobPageSchema>>
