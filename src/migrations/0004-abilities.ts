import type { Tables } from '../database/tables.ts'

/** The capabilities of each worker, why a queued job is blocked, and the retry of a failed task. */
export function up (tables: Tables): string {
  return `
    ALTER TABLE ${tables.worker} ADD abilities jsonb;
    ALTER TABLE ${tables.job} ADD hindrance text;
    CREATE INDEX ON ${tables.job} (retry_of) WHERE retry_of IS NOT NULL;
  `
}
