import type { Tables } from '../database/tables.ts'

/** Drops a column that `abilities` replaces. */
export function up (tables: Tables): string {
  return `
    ALTER TABLE ${tables.worker} DROP operations;
  `
}
