import type { Engine } from '../engine/engine.ts'
import { problem } from '../errors.ts'
import { mapConnectionErrors } from '../database/unavailable.ts'
import { viewAll, type JobView } from '../jobs/view/read-view.ts'
import { listJobs as selectJobs, type JobPlace, type JobListQuery } from '../jobs/store/job-list.ts'

export interface JobsQuery extends Omit<JobListQuery, 'after' | 'limit'> {
  cursor: string | undefined
  limit: number
  /** Whether the caller may see a job; undefined where the query itself asks for none but those. */
  canSee: ((view: JobView) => Promise<boolean>) | undefined
}

export interface JobList {
  views: JobView[]
  nextCursor: string | null
}

/** When `canSeeJob` rejects nearly every job, a request examines at most this many pages; the cursor continues from there. */
const maxPages = 10

/**
 * A page of jobs, newest first. The cursor is the position of the last job examined, so jobs that are added or removed
 * meanwhile cause neither repeats nor gaps.
 * @throws validation_failed for a cursor that was not ours, unavailable
 */
export async function listJobs (
  engine: Pick<Engine, 'database' | 'tables' | 'options' | 'resources' | 'live' | 'log'>, { cursor, limit, canSee, ...wanted }: JobsQuery
): Promise<JobList> {
  let after = cursor === undefined ? undefined : placeIn(cursor)
  const views: JobView[] = []
  for (let page = 0; page < maxPages; page++) {
    const rows = await mapConnectionErrors(engine, () => selectJobs(engine.database, engine.tables, { ...wanted, after, limit: limit + 1 }))
    for (const [index, view] of (await viewAll(engine, rows.slice(0, limit))).entries()) {
      if (canSee !== undefined && !await canSee(view)) continue
      views.push(view)
      if (views.length === limit) return { views, nextCursor: index + 1 < rows.length ? cursorOf(rows[index]!) : null }
    }
    if (rows.length <= limit) return { views, nextCursor: null }
    const last = rows[limit - 1]!
    after = { createdAtUs: last.created_at_us, id: last.id }
  }
  return { views, nextCursor: after === undefined ? null : encode(after) }
}

function cursorOf ({ created_at_us: createdAtUs, id }: { created_at_us: string, id: string }): string {
  return encode({ createdAtUs, id })
}

function encode ({ createdAtUs, id }: JobPlace): string {
  return Buffer.from(`${createdAtUs} ${id}`).toString('base64url')
}

function placeIn (cursor: string): JobPlace {
  const [, createdAtUs, id] = /^(\d{1,17}) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (createdAtUs !== undefined && id !== undefined) return { createdAtUs, id }
  const message = 'is no cursor of this list; take it from nextCursor'
  throw problem('validation_failed', `the query is not valid: /cursor ${message}`, { errors: [{ path: '/cursor', message }] })
}
