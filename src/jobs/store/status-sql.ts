import type { JobStatus } from '../../../schemas/job.ts'
import { transitions, type TransitionName } from '../../engine/states.ts'

/** SQL: whether a job is in one of these statuses. */
export function statusIn (statuses: readonly JobStatus[], column: string = 'status'): string {
  return `${column} IN (${statuses.map((status) => `'${status}'`).join(', ')})`
}

/** SQL: whether a job may take a transition. */
export function mayTake (name: TransitionName, column?: string): string {
  return statusIn(transitions[name].from, column)
}

/** SQL: the status that a transition with one target leads to. */
export function statusAfter (name: TransitionName): string {
  return `'${transitions[name].to[0]}'`
}
