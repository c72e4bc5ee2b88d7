import type { EngineResource, Engine } from '../../engine/engine.ts'
import { engineError } from '../../errors.ts'
import type { JobRow } from '../../engine/job-row.ts'
import type { ProgressTicker } from '../../live/progress-ticker.ts'
import type { Writer } from '../../engine/writer.ts'
import type { Claim } from './claim.ts'
import type { ConnectionLosses } from './connection-losses.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { WriteTransactions } from './write-transaction.ts'

/** What the two ways to run a job (one transaction, or one per chunk) work with. */
export interface Run {
  readonly engine: Engine
  readonly claim: Claim
  readonly resource: EngineResource
  readonly writer: Writer
  readonly transactions: WriteTransactions
  readonly heartbeat: Heartbeat
  readonly ticker: ProgressTicker
  readonly losses: ConnectionLosses
  /** Aborts when this worker shuts down. */
  readonly stopping: AbortSignal
}

/** How a run ended for this worker. */
export type RunEnd =
  /** The job is terminal. */
  | { kind: 'ended', job: JobRow }
  /** The claim is no longer this worker's; nothing is left to do here. */
  | { kind: 'lost' }
  | { kind: 'paused' }
  /** A task waits for its next attempt. */
  | { kind: 'rescheduled' }
  /** The worker shuts down; the job is queued again, and the delivery may go to another worker at once. */
  | { kind: 'released' }

/** Why the work should not go on with the next chunk; undefined: go on. */
export function interruptionOf ({ heartbeat, stopping }: Pick<Run, 'heartbeat' | 'stopping'>): 'cancelling' | 'pausing' | 'stopping' | undefined {
  if (heartbeat.interrupted.aborted) return heartbeat.interrupted.reason
  return stopping.aborted ? 'stopping' : undefined
}

/** @throws lease_lost when the claim is another worker's by now */
export function checkClaim ({ heartbeat }: Pick<Run, 'heartbeat'>): void {
  if (heartbeat.lost.aborted) throw engineError('lease_lost')
}
