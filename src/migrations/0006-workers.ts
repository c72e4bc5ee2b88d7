import type { Tables } from '../database/tables.ts'

/** What a worker can work for is told by its abilities, and nobody has asked for it twice. */
export function up (tables: Tables): string {
  return `
    ALTER TABLE ${tables.worker} DROP operations;
  `
}
