import type { Tables } from '../database/tables.ts'

/** What tasks need beside what bulk jobs have, and the outbox of lifecycle events. */
export function up (tables: Tables): string {
  return `
    ALTER TABLE ${tables.job}
      ADD group_name text,
      ADD affected jsonb,
      ADD run_after timestamptz,
      ADD attempts_max int NOT NULL DEFAULT 1,
      ADD failures int NOT NULL DEFAULT 0,
      ADD timeout_ms int,
      ADD checkpoint jsonb;
    CREATE INDEX ON ${tables.job} (group_name, created_at DESC) WHERE group_name IS NOT NULL;

    CREATE TABLE ${tables.outbox} (
      seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      id uuid NOT NULL,
      job_id uuid NOT NULL,
      event text NOT NULL CHECK (event IN ('create', 'progress', 'complete', 'fail', 'cancel', 'cleanup')),
      payload jsonb NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      due_at timestamptz NOT NULL DEFAULT now(),
      attempts int NOT NULL DEFAULT 0
    );
    CREATE INDEX ON ${tables.outbox} (job_id, seq);
    CREATE INDEX ON ${tables.outbox} (due_at);
  `
}
