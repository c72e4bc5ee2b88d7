/** What a running job tells before it is committed. Lost without harm: the job row is the truth. */
export interface LiveProgress {
  /** The fencing token of the claim that tells; a smaller one never overwrites a greater one. */
  fence: number
  /** Records looked at so far, 0…total. */
  processed: number
  /** Records in the frozen selection. */
  total: number
  /** For people, such as `updating: 300/2000`. */
  message: string
  /** When it was told, milliseconds since the epoch, by the clock of the one who tells. */
  toldAtMs: number
}

/** Told between servers: something about this job has changed, look at it again. */
export interface JobSignal {
  jobId: string
  /** `progress`: the live progress moved. `status`: the job row changed. `wish`: its worker is asked for something (cancel, pause, rate). */
  kind: 'progress' | 'status' | 'wish'
}

/**
 * Where progress is told while a job runs, and where it is heard. No connection type appears here: PostgreSQL and
 * Redis implement it, and both pass one conformance suite.
 */
export interface LiveStore {
  /** Which one it is, for health and logs. */
  readonly kind: 'postgres' | 'redis'
  /** Rejects, within `timeoutMs`, when the store cannot be reached. */
  ping (timeoutMs: number): Promise<void>
  /** Tells progress, and signals it. An older fence than the one stored is ignored. Forgotten after the store's TTL. */
  tell (jobId: string, progress: LiveProgress): Promise<void>
  /** What was last told; undefined when nothing was told, or it was forgotten. */
  hear (jobId: string): Promise<LiveProgress | undefined>
  /** The same for many jobs in one round trip; jobs of which nothing is known are absent. */
  hearMany (jobIds: readonly string[]): Promise<Map<string, LiveProgress>>
  /** Forgets jobs; unknown ones are no error. */
  forget (jobIds: readonly string[]): Promise<void>
  /** Sends a signal to every listener on every server, this one included. */
  signal (signal: JobSignal): Promise<void>
  /** Calls `listener` for every signal until the returned function is called. Survives a reconnect (signals sent meanwhile are lost). */
  listen (listener: (signal: JobSignal) => void): () => void
  /** Removes what outlived its TTL; resolves to how many jobs were forgotten. */
  removeExpired (): Promise<number>
  /** Closes what this store opened, never what it was given. */
  close (): Promise<void>
}
