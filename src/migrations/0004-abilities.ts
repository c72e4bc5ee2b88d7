import type { Tables } from '../database/tables.ts'

/** What each worker can do, why a queued job was left by one that cannot do it, and which job took up a task that failed. */
export function up (tables: Tables): string {
  return `
    ALTER TABLE ${tables.worker} ADD abilities jsonb;
    ALTER TABLE ${tables.job} ADD hindrance text;
    CREATE INDEX ON ${tables.job} (retry_of) WHERE retry_of IS NOT NULL;
  `
}
