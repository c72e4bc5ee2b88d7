import type { Tables } from '../database/tables.ts'

/** Which user launched a job: their queued jobs are counted against a limit. */
export function up (tables: Tables): string {
  return `
    CREATE INDEX ON ${tables.job} (created_by_id) WHERE status IN ('queued', 'waiting') AND created_by_id IS NOT NULL;
  `
}
