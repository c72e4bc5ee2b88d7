/** The progress of a running job before it is committed. Its loss does no harm: the job row is the truth. */
export interface LiveProgress {
  /** The fencing token of the claim that reports; a smaller one never overwrites a greater one. */
  fence: number
  /** Records processed so far, 0…total. */
  processed: number
  /** Records in the frozen selection. */
  total: number
  /** A message for people, such as `updating: 300/2000`. */
  message: string
  /** When it was reported: milliseconds since the epoch, by the clock of the worker. */
  reportedAtMs: number
}

/** A message between servers: something about this job has changed, read it again. */
export interface JobSignal {
  jobId: string
  /** `progress`: the live progress moved. `status`: the job row changed. `request`: its worker should read what was requested (cancel, pause, rate). */
  kind: 'progress' | 'status' | 'request'
}

/**
 * Publishes and reads the progress of running jobs. No connection type appears here: PostgreSQL and Redis implement it,
 * and both pass one conformance suite.
 */
export interface LiveStore {
  /** The implementation, for health and logs. */
  readonly kind: 'postgres' | 'redis'
  /** Rejects, within `timeoutMs`, when the store cannot be reached. */
  ping (timeoutMs: number): Promise<void>
  /** Stores progress, and signals it. A fence older than the stored one is ignored. Expires after the store's TTL. */
  publish (jobId: string, progress: LiveProgress): Promise<void>
  /** The progress that was published last; undefined when there is none, or it has expired. */
  read (jobId: string): Promise<LiveProgress | undefined>
  /** The same for many jobs in one round trip; jobs without progress are absent. */
  readMany (jobIds: readonly string[]): Promise<Map<string, LiveProgress>>
  /** Deletes the progress of jobs; unknown ids are ignored. */
  forget (jobIds: readonly string[]): Promise<void>
  /** Sends a signal to every listener on every server, this one included. */
  signal (signal: JobSignal): Promise<void>
  /** Calls `listener` for every signal until the returned function is called. Survives a reconnect (signals sent meanwhile are lost). */
  subscribe (listener: (signal: JobSignal) => void): () => void
  /** Deletes expired progress; resolves to the number of jobs. */
  removeExpired (): Promise<number>
  /** Closes what this store opened, never what was passed to it. */
  close (): Promise<void>
}
