import type { Engine } from './engine.ts'
import type { JobRow } from './job-row.ts'
import { differences } from '../entities/fingerprint.ts'

/** What a process can work on, as its row in the table of workers records it. */
export interface Capabilities {
  /** Resources by name: what it means by each. */
  readonly resources: { readonly [name: string]: string }
  /** Tasks by name: the version of the payload that it knows, and whether it can make one of older ones. */
  readonly tasks: { readonly [name: string]: { readonly version: number, readonly upgrades: boolean } }
}

/** What a job requires of its worker. */
export interface JobRequirements extends Pick<JobRow, 'kind' | 'resource' | 'operation' | 'fingerprint'> {
  /** Of a task's payload. */
  readonly version: number | null
}

export function capabilitiesOf ({ resources, tasks }: Pick<Engine, 'resources' | 'tasks'>): Capabilities {
  return {
    resources: Object.fromEntries([...resources].map(([name, { fingerprint }]) => [name, fingerprint])),
    tasks: Object.fromEntries([...tasks].map(([name, { version, upgrade }]) => [name, { version, upgrades: upgrade !== undefined }]))
  }
}

/** Why a process with these capabilities cannot run a job; undefined if it can. */
export function blockedReasonFor ({ resources, tasks }: Capabilities, { kind, resource, operation, fingerprint, version }: JobRequirements): string | undefined {
  if (kind === 'task') {
    const task = tasks[operation]
    const wanted = version ?? 1
    if (task === undefined) return `the task ${operation} is not known there`
    if (task.version === wanted || (task.version > wanted && task.upgrades)) return undefined
    return `version ${wanted} of the payload of the task ${operation} is not known there, only ${task.version}`
  }
  const known = resources[resource!]
  if (known === undefined) return `the resource ${resource} is not known there`
  const differ = differences(fingerprint, known)
  return differ.length === 0 ? undefined : `its options of the resource ${resource} are others: ${differ.join(', ')}`
}
