import { defineEntity, p, type InferEntity } from '@mikro-orm/core'

/** One record for each background job, kept when the job's own row is purged: for dashboards and reports. */
export const AsyncTaskRecord = defineEntity({
  name: 'AsyncTaskRecord',
  properties: {
    id: p.integer().primary(),
    jobId: p.uuid().unique(),
    taskName: p.string(),
    status: p.string().index(),
    message: p.text().nullable(),
    userLabel: p.string().nullable(),
    affectedObjects: p.text().nullable(),
    payload: p.json().nullable(),
    result: p.json().nullable(),
    createdAt: p.datetime(),
    updatedAt: p.datetime(),
    completedAt: p.datetime().nullable(),
    failedAt: p.datetime().nullable(),
    cancelledAt: p.datetime().nullable(),
    cleanedUp: p.boolean().default(false)
  }
})
export type AsyncTaskRecord = InferEntity<typeof AsyncTaskRecord>
