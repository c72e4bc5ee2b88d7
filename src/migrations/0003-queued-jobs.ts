import type { Tables } from '../database/tables.ts'

/** Who launches a job is counted: how many of theirs are in line. */
export function up (tables: Tables): string {
  return `
    CREATE INDEX ON ${tables.job} (created_by_id) WHERE status IN ('queued', 'waiting') AND created_by_id IS NOT NULL;
  `
}
