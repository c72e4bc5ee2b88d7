/** What a cleanup did, counted. */
export interface CleanupSummary {
  /** Jobs whose worker died, back in the queue. */
  requeued: number
  /** Jobs that were to be cancelled or paused when their worker died, and now are. */
  cancelled: number
  paused: number
  /** Jobs that were failed: they killed worker after worker, did not move, or nobody was there to do them. */
  poisoned: number
  stuck: number
  abandoned: number
  /** Jobs that waited for records, and got them. */
  granted: number
  /** Queued jobs that the queue had forgotten, or held without doing anything with them, and that were told to it again. */
  redelivered: number
  /** Finished jobs that were kept long enough. */
  jobsRemoved: number
  /** Chunks of frozen selections that went with them, or that no job had. */
  chunksRemoved: number
  /** Previews that expired. */
  previewsRemoved: number
  idempotencyKeysRemoved: number
  /** Jobs whose live progress nobody needs any more. */
  progressRemoved: number
  /** Rows of workers that are dead. */
  workersRemoved: number
  /** What could not be reached; what depends on it is left to the next cleanup. */
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

/** One and many of it, in the order in which it is told. */
const sentences: Record<Count, readonly [one: string, many: string]> = {
  requeued: ['job is in the queue again, its worker died', 'jobs are in the queue again, their workers died'],
  redelivered: ['job was told to the queue again', 'jobs were told to the queue again'],
  cancelled: ['job is cancelled, its worker died before it could', 'jobs are cancelled, their workers died before they could'],
  paused: ['job is paused, its worker died before it could', 'jobs are paused, their workers died before they could'],
  poisoned: ['job failed: it killed its workers', 'jobs failed: they killed their workers'],
  stuck: ['job failed: it was stuck', 'jobs failed: they were stuck'],
  abandoned: ['job failed: no worker came for it', 'jobs failed: no worker came for them'],
  granted: ['waiting job got its records', 'waiting jobs got their records'],
  jobsRemoved: ['finished job was removed', 'finished jobs were removed'],
  chunksRemoved: ['chunk of records was removed', 'chunks of records were removed'],
  previewsRemoved: ['expired preview was removed', 'expired previews were removed'],
  idempotencyKeysRemoved: ['idempotency key was removed', 'idempotency keys were removed'],
  progressRemoved: ['live progress was forgotten', 'live progresses were forgotten'],
  workersRemoved: ['dead worker was removed', 'dead workers were removed']
}

/** The summary for people: one line for each thing that was done. */
export function describeSummary (summary: CleanupSummary): string {
  const lines = Object.entries(sentences).flatMap(([kind, [one, many]]) => {
    const count = summary[kind as Count]
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  })
  if (lines.length === 0) lines.push('nothing had to be cleaned up')
  return [...lines, ...summary.unreachable.map((what) => `the ${what} cannot be reached; what depends on it was left`)].join('\n')
}
