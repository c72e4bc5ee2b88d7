/**
 * SQL, about a job row whose lease ran out: whether it was its worker that failed. Where the database itself went away
 * and was started again since the last heartbeat, no worker can be blamed, and the job is not poison.
 */
export const workerDied = '(pg_postmaster_start_time() < touched_at)'
