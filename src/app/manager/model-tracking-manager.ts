import type { EntityName } from '@mikro-orm/core'
import type { EntityManager, MikroORM } from '@mikro-orm/postgresql'
import type { Job } from '../../../schemas/job.ts'
import { isTerminal } from '../../engine/states.ts'
import type { LifecycleEvent, LifecyclePayload } from '../../engine/lifecycle-events.ts'
import { unknownName } from '../../validation/suggestion.ts'
import { AsyncManager, engineOf } from './async-manager.ts'

/** What can be kept of a job. */
export const trackedFields = [
  'jobId', 'operation', 'resource', 'status', 'user', 'affected', 'payload', 'group', 'reason', 'processed', 'total', 'message', 'error', 'result',
  'createdAt', 'updatedAt', 'startedAt', 'completedAt', 'failedAt', 'cancelledAt', 'cleanedUp'
] as const
export type TrackedField = typeof trackedFields[number]

/** The property of the entity that keeps each field; null where none does. Left out, it is the property of the same name, if there is one. */
export type FieldMap = Partial<Record<TrackedField, string | null>>

const endings = { complete: 'completedAt', fail: 'failedAt', cancel: 'cancelledAt' } as const

/**
 * Writes what becomes of jobs to an entity of the application's own, one record for each job, for dashboards and reports
 * that outlive our tables. Set `recordEntity` in a subclass; the entity keeps the job's id in `jobId` (see `fieldMap`),
 * which should be unique.
 */
export abstract class ModelTrackingAsyncManager extends AsyncManager {
  /** The entity that the records are of. */
  abstract readonly recordEntity: EntityName
  readonly fieldMap: FieldMap = {}

  /** How the user who launched the job is stored. */
  formatUser (user: Job['createdBy'], _job: Job): unknown {
    return user?.label ?? null
  }

  /** How `affected` is stored. */
  formatAffected (affected: readonly string[] | null, _job: Job): unknown {
    return affected?.join(', ') ?? null
  }

  /** How the payload is stored. */
  formatPayload (payload: unknown, _job: Job): unknown {
    return payload
  }

  /** Called with the last event of a job; removes what the application stored beside its record. */
  async cleanupDashboardData (_job: Job, _em: EntityManager): Promise<void> {}

  override async asyncTaskLifecycle (event: LifecycleEvent, job: Job, payload: LifecyclePayload): Promise<void> {
    const em = engineOf(this).orm.em.fork({ clear: true, useContext: false }) as EntityManager
    await em.transactional(async (transaction) => {
      await this.#keep(transaction as EntityManager, event, job, payload)
      if (event === 'cleanup') await this.cleanupDashboardData(job, transaction as EntityManager)
    })
  }

  async #keep (em: EntityManager, event: LifecycleEvent, job: Job, payload: LifecyclePayload): Promise<void> {
    const key = this.#propertyOf('jobId')!
    const status = this.#propertyOf('status')
    // Filters of the application restrict what users see, not which records exist.
    const known = await em.findOne(this.recordEntity, { [key]: job.id } as never, { filters: false }) as Record<string, unknown> | null
    // An event that is delivered again after later ones must not restore an earlier status.
    const isLate = known !== null && status !== undefined && isTerminal(known[status] as Job['status']) && !isTerminal(job.status)
    if (isLate) return
    const values = this.#valuesOf(event, job, payload)
    if (known === null) em.create(this.recordEntity, values as never)
    else em.assign(known as never, values as never)
    await em.flush()
  }

  #valuesOf (event: LifecycleEvent, job: Job, { at, payload, affected, group, set }: LifecyclePayload): Record<string, unknown> {
    const values: Partial<Record<TrackedField, unknown>> = {
      jobId: job.id,
      operation: job.operation,
      resource: job.resource,
      status: job.status,
      user: this.formatUser(job.createdBy, job),
      affected: this.formatAffected(affected, job),
      payload: this.formatPayload(job.resource === null ? payload : set, job),
      group,
      reason: job.reason,
      processed: job.counts.processed,
      total: job.counts.total,
      message: job.error?.message ?? job.progress.message,
      error: job.error?.code ?? null,
      result: job.result ?? null,
      createdAt: new Date(job.createdAt),
      startedAt: job.startedAt === null ? null : new Date(job.startedAt),
      updatedAt: new Date(at),
      ...(event in endings && { [endings[event as keyof typeof endings]]: new Date(job.finishedAt ?? at) }),
      cleanedUp: event === 'cleanup'
    }
    return Object.fromEntries(Object.entries(values).flatMap(([field, value]) => {
      const property = this.#propertyOf(field as TrackedField)
      return property === undefined ? [] : [[property, value]]
    }))
  }

  #propertyOf (field: TrackedField): string | undefined {
    const mapped = this.fieldMap[field]
    if (mapped === null) return undefined
    if (mapped !== undefined) return mapped
    return field in engineOf(this).orm.getMetadata().get(this.recordEntity).properties ? field : undefined
  }
}

/** Why a manager cannot keep records of jobs: its entity or its fields are not there. Undefined where it can. */
export function trackingError ({ recordEntity, fieldMap, constructor: { name } }: ModelTrackingAsyncManager, orm: MikroORM): string | undefined {
  const meta = recordEntity === undefined ? undefined : orm.getMetadata().find(recordEntity)
  if (meta === undefined) return `${name}.recordEntity is no entity of this MikroORM`
  const properties = Object.keys(meta.properties)
  for (const [field, property] of Object.entries(fieldMap)) {
    if (!(trackedFields as readonly string[]).includes(field)) return `${name}.fieldMap: ${unknownName('field', field, trackedFields)}`
    if (property !== null && !properties.includes(property)) return `${name}.fieldMap.${field}: ${unknownName('property', property, properties)}`
  }
  const keepsJobId = fieldMap.jobId === undefined ? properties.includes('jobId') : fieldMap.jobId !== null
  return keepsJobId ? undefined : `${name}.fieldMap: the recordEntity needs a property for jobId`
}
