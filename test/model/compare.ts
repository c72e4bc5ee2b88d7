import { deepEqual, equal } from 'node:assert/strict'
import { processedOf, type JobRow } from '../../src/engine/job-row.ts'
import { isLiving, recordsOf, type Model, type ModelJob } from './model.ts'
import type { ModelRecord } from './records.ts'
import type { World } from './world.ts'

/** Everything that the database holds is what the model says: records, jobs, what became of each record, and locks. */
export async function compare (model: Model, world: World): Promise<void> {
  await compareJobs(model, world)
  await compareRecords(model, world)
  await compareLocks(model, world)
}

async function compareRecords ({ records }: Model, { client }: World): Promise<void> {
  const { rows: [found] } = await client.query<{ items: [number, ModelRecord][], writes: [number, number][], visits: number[] }>(`
    SELECT
      (SELECT coalesce(jsonb_agg(jsonb_build_array(id, jsonb_build_object('status', status, 'priority', priority, 'notes', notes,
        'amount', amount, 'owner', owner_id, 'version', version, 'labels', labels))), '[]')
        FROM item, LATERAL (SELECT coalesce(jsonb_agg(label_id ORDER BY label_id), '[]') AS labels FROM item_labels WHERE item_id = id) AS members) AS items,
      (SELECT coalesce(jsonb_agg(jsonb_build_array(item_id, times)), '[]')
        FROM (SELECT item_id, count(*) AS times FROM item_write GROUP BY item_id) AS counted) AS writes,
      (SELECT coalesce(jsonb_agg(item_id), '[]') FROM visit) AS visits`)
  deepEqual(new Map(found!.items), records.items, 'the records')
  deepEqual(new Set(found!.visits), records.visits, 'what belongs to the records')
  deepEqual(new Map(found!.writes), records.writes, 'how often each record was written')
}

async function compareJobs ({ jobs }: Model, { client, results }: World): Promise<void> {
  const { rows } = await client.query<JobRow>('SELECT * FROM powercrud.job')
  deepEqual(rows.map(({ id }) => id).sort(), jobs.map(({ id }) => id).sort(), 'the jobs that there are')
  for (const expected of jobs) {
    const row = rows.find(({ id }) => id === expected.id)!
    const { status, total, n, deaths, error_code: errorCode, succeeded, unchanged, missing, skipped, failed } = row
    deepEqual(
      { status, errorCode, total, n, deaths, counts: { succeeded, unchanged, missing, skipped, failed } },
      { status: expected.status, errorCode: expected.errorCode, total: expected.total, n: expected.n, deaths: expected.deaths, counts: expected.counts },
      `job ${jobs.indexOf(expected)}`)
    // What a job has ended with stays.
    if (compared.has(expected.id)) continue
    if (!isLiving(expected)) compared.add(expected.id)
    const actual = (await results(row)).map(({ index, id, outcome, code }) => ({ index, id, outcome, ...(code !== undefined && { code }) }))
    deepEqual(actual, resultsOf(expected), `the results of job ${jobs.indexOf(expected)}`)
    equal(actual.length, total, 'each record has one result')
    if (!isLiving(expected)) equal(processedOf(row), actual.filter(({ outcome }) => outcome !== 'unprocessed').length, 'the number of processed records')
  }
}

/** Jobs whose results were looked at after their end. */
const compared = new Set<string>()

/** Chunk by chunk, in the order of the keys; each one with its place in the user's selection. */
function resultsOf ({ chunks }: ModelJob) {
  return chunks.flatMap(({ entries, outcomes }) => entries.map(({ id, place }) => {
    const { outcome, code } = outcomes.get(id) ?? { outcome: 'unprocessed' as const, code: undefined }
    return { index: place, id, outcome, ...(code !== undefined && { code }) }
  }))
}

async function compareLocks ({ jobs }: Model, { client }: World): Promise<void> {
  const { rows } = await client.query<{ job_id: string, in_line: boolean, keys: number[] }>(`
    SELECT job.id AS job_id, in_line, array_agg(key ORDER BY key) AS keys
    FROM powercrud.chunk_int4 LEFT JOIN powercrud.job USING (selection_id), unnest(keys) AS key
    WHERE living OR in_line GROUP BY job.id, in_line`)
  const found = rows.map(({ job_id: id, in_line: isInLine, keys }) => ({ job: jobs.findIndex((job) => job.id === id), isInLine, keys }))
  const expected = jobs.flatMap((job, index) => isLiving(job) && recordsOf(job).length > 0
    ? [{ job: index, isInLine: job.status === 'waiting', keys: recordsOf(job).sort((one, other) => one - other) }]
    : [])
  deepEqual(found.sort((one, other) => one.job - other.job), expected, 'the records that are locked')
}
