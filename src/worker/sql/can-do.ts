/**
 * SQL: whether a worker can do a job, as `hindranceOf` judges it. A worker that does not tell what it can do is taken to
 * be able. Null is no.
 */
export function canDo ({ worker, job }: { worker: string, job: string }): string {
  const task = `${worker}.abilities -> 'tasks' -> ${job}.operation`
  const version = `coalesce((${job}.spec ->> 'version')::int, 1)`
  return `(${worker}.abilities IS NULL OR CASE ${job}.kind
    WHEN 'bulk' THEN ${worker}.abilities -> 'resources' ->> ${job}.resource = ${job}.fingerprint
    ELSE (${task} ->> 'version')::int = ${version} OR ((${task} ->> 'version')::int > ${version} AND (${task} ->> 'upgrades')::boolean)
  END)`
}
