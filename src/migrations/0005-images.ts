import type { Tables } from '../database/tables.ts'

/** What records were before a job wrote them, as often as its writer wrote a part of a chunk. */
export function up (tables: Tables): string {
  return `
    ALTER TABLE ${tables.jobChunk} DROP before;

    CREATE TABLE ${tables.image} (
      job_id uuid NOT NULL,
      no int NOT NULL,
      part int NOT NULL,
      keys text[] COLLATE "C" NOT NULL,
      before text[] NOT NULL,
      after text[],
      PRIMARY KEY (job_id, no, part),
      FOREIGN KEY (job_id, no) REFERENCES ${tables.jobChunk} ON DELETE CASCADE
    );
    ALTER TABLE ${tables.image} ALTER keys SET STORAGE EXTERNAL, ALTER before SET STORAGE EXTERNAL, ALTER after SET STORAGE EXTERNAL;
  `
}
