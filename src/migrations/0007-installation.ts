import type { Tables } from '../database/tables.ts'

/** The random id of this set of tables: a part of every name outside of them, such as queues and channels. */
export function up (tables: Tables): string {
  return `
    CREATE TABLE ${tables.installation} (
      only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
      id uuid NOT NULL DEFAULT gen_random_uuid()
    );
    INSERT INTO ${tables.installation} DEFAULT VALUES;
  `
}
