/** What a cleanup did, counted. */
export interface CleanupSummary {
  /** Jobs whose worker died and that were requeued. */
  requeued: number
  /** Jobs whose worker died while they were being cancelled or paused. */
  cancelled: number
  paused: number
  /** Jobs that failed: they killed several workers, made no progress, or no living worker could run them. */
  poisoned: number
  stuck: number
  abandoned: number
  /** Waiting jobs that were granted their records. */
  granted: number
  /** Queued jobs that were missing from the queue, or stuck in it, and were re-enqueued. */
  redelivered: number
  /** Finished jobs past their retention. */
  jobsRemoved: number
  /** Chunks of their frozen selections, and orphaned ones. */
  chunksRemoved: number
  /** Previews that expired. */
  previewsRemoved: number
  idempotencyKeysRemoved: number
  /** Jobs whose live progress has expired. */
  progressRemoved: number
  /** Rows of workers that are dead. */
  workersRemoved: number
  /** What could not be reached; the next cleanup will do what depends on it. */
  unreachable: ('queue' | 'live store')[]
}

export function emptySummary (): CleanupSummary {
  return {
    requeued: 0,
    cancelled: 0,
    paused: 0,
    poisoned: 0,
    stuck: 0,
    abandoned: 0,
    granted: 0,
    redelivered: 0,
    jobsRemoved: 0,
    chunksRemoved: 0,
    previewsRemoved: 0,
    idempotencyKeysRemoved: 0,
    progressRemoved: 0,
    workersRemoved: 0,
    unreachable: []
  }
}

type Count = Exclude<keyof CleanupSummary, 'unreachable'>

/** Singular and plural, in the order of the report. */
const sentences: Record<Count, readonly [one: string, many: string]> = {
  requeued: ['job requeued: its worker died', 'jobs requeued: their workers died'],
  redelivered: ['job re-enqueued: it was missing from the queue', 'jobs re-enqueued: they were missing from the queue'],
  cancelled: ['job cancelled: its worker died while cancelling it', 'jobs cancelled: their workers died while cancelling them'],
  paused: ['job paused: its worker died while pausing it', 'jobs paused: their workers died while pausing them'],
  poisoned: ['job failed: it killed its workers', 'jobs failed: they killed their workers'],
  stuck: ['job failed: it was stuck', 'jobs failed: they were stuck'],
  abandoned: ['job failed: no worker could run it', 'jobs failed: no worker could run them'],
  granted: ['waiting job was granted its records', 'waiting jobs were granted their records'],
  jobsRemoved: ['finished job was removed', 'finished jobs were removed'],
  chunksRemoved: ['chunk of records was removed', 'chunks of records were removed'],
  previewsRemoved: ['expired preview was removed', 'expired previews were removed'],
  idempotencyKeysRemoved: ['idempotency key was removed', 'idempotency keys were removed'],
  progressRemoved: ['live progress entry was removed', 'live progress entries were removed'],
  workersRemoved: ['dead worker was removed', 'dead workers were removed']
}

/** The summary as text: one line for each kind of change. */
export function describeSummary (summary: CleanupSummary): string {
  const lines = Object.entries(sentences).flatMap(([kind, [one, many]]) => {
    const count = summary[kind as Count]
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  })
  if (lines.length === 0) lines.push('nothing had to be cleaned up')
  return [...lines, ...summary.unreachable.map((what) => `the ${what} cannot be reached; the next cleanup will do what depends on it`)].join('\n')
}
