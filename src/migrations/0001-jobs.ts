import { keyKinds, type KeyKind, type Tables } from '../database/tables.ts'

const collation: Record<KeyKind, string> = { int4: '', int8: '', uuid: '', text: ' COLLATE "C"' }

/** Jobs, frozen selections, what became of them, workers, idempotency keys, and the live progress of the embedded default. */
export function up (tables: Tables): string {
  return `
    CREATE SEQUENCE ${tables.ticket};

    CREATE TABLE ${tables.job} (
      id uuid PRIMARY KEY,
      kind text NOT NULL CHECK (kind IN ('bulk', 'task')),
      resource text,
      operation text NOT NULL,
      status text NOT NULL CHECK (status IN ('queued', 'waiting', 'running', 'pausing', 'paused', 'cancelling',
        'succeeded', 'completed_with_errors', 'failed', 'cancelled')),
      on_error text NOT NULL CHECK (on_error IN ('rollback', 'stop', 'continue')),
      on_conflict text NOT NULL CHECK (on_conflict IN ('fail', 'skip', 'wait')),
      selection_id uuid NOT NULL,
      spec jsonb NOT NULL,
      fingerprint text NOT NULL,
      reason text,
      created_by_id text,
      created_by_label text,
      undo_of uuid,
      retry_of uuid,
      ticket bigint NOT NULL DEFAULT nextval('${tables.ticket}'),
      n int NOT NULL DEFAULT 1,
      fence int NOT NULL DEFAULT 0,
      lease timestamptz,
      worker text,
      backend_pid int,
      backend_start timestamptz,
      attempts int NOT NULL DEFAULT 0,
      deaths int NOT NULL DEFAULT 0,
      total int NOT NULL,
      succeeded int NOT NULL DEFAULT 0,
      unchanged int NOT NULL DEFAULT 0,
      missing int NOT NULL DEFAULT 0,
      skipped int NOT NULL DEFAULT 0,
      failed int NOT NULL DEFAULT 0,
      error_code text,
      error_message text,
      error_row_code text,
      result jsonb,
      created_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      finished_at timestamptz,
      progressed_at timestamptz,
      touched_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX ON ${tables.job} (created_at DESC, id DESC);
    CREATE INDEX ON ${tables.job} (status, touched_at) WHERE finished_at IS NULL;
    CREATE INDEX ON ${tables.job} (finished_at) WHERE finished_at IS NOT NULL;
    CREATE INDEX ON ${tables.job} (created_by_id, created_at DESC);
    CREATE INDEX ON ${tables.job} (ticket) WHERE status = 'waiting';
    CREATE INDEX ON ${tables.job} (undo_of) WHERE undo_of IS NOT NULL;

    CREATE TABLE ${tables.chunk} (
      selection_id uuid NOT NULL,
      no int NOT NULL,
      root text NOT NULL,
      living boolean NOT NULL,
      in_line boolean NOT NULL DEFAULT false,
      excluded text CHECK (excluded IN ('missing', 'locked')),
      size int NOT NULL,
      ord int[],
      versions text[]
    );
    ${keyKinds.map((kind) => chunkTable(tables, kind)).join('\n')}

    CREATE TABLE ${tables.jobChunk} (
      job_id uuid NOT NULL REFERENCES ${tables.job} ON DELETE CASCADE,
      no int NOT NULL,
      state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'done')),
      unchanged int[],
      missing int[],
      refused jsonb,
      before jsonb,
      done_at timestamptz,
      PRIMARY KEY (job_id, no)
    );
    ALTER TABLE ${tables.jobChunk} ALTER before SET STORAGE EXTERNAL;

    CREATE TABLE ${tables.preview} (
      id uuid PRIMARY KEY,
      resource text NOT NULL,
      operation text NOT NULL,
      spec jsonb NOT NULL,
      created_by_id text,
      total int NOT NULL,
      chunk_count int NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX ON ${tables.preview} (expires_at);

    CREATE TABLE ${tables.worker} (
      id text PRIMARY KEY,
      host text NOT NULL,
      pid int NOT NULL,
      concurrency int NOT NULL,
      operations text[] NOT NULL,
      started_at timestamptz NOT NULL DEFAULT now(),
      seen_at timestamptz NOT NULL DEFAULT now(),
      stopped_at timestamptz
    );

    CREATE TABLE ${tables.idempotency} (
      key_hash bytea PRIMARY KEY,
      body_hash bytea NOT NULL,
      job_id uuid NOT NULL REFERENCES ${tables.job} ON DELETE CASCADE,
      created_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE INDEX ON ${tables.idempotency} (created_at);
    CREATE INDEX ON ${tables.idempotency} (job_id);

    CREATE UNLOGGED TABLE ${tables.liveProgress} (
      job_id uuid PRIMARY KEY,
      fence int NOT NULL,
      processed int NOT NULL,
      total int NOT NULL,
      message text NOT NULL,
      told_at_ms bigint NOT NULL,
      updated_at timestamptz NOT NULL DEFAULT now()
    ) WITH (fillfactor = 50);
  `
}

/**
 * One table per kind of key. Inherited columns let the statements that need no keys (marking, unmarking, cleaning)
 * work on the parent. STORAGE EXTERNAL keeps slices of a sorted array cheap: compressed ones are unpacked whole.
 */
function chunkTable (tables: Tables, kind: KeyKind): string {
  const table = tables.chunkOf[kind]
  return `
    CREATE TABLE ${table} (
      keys ${kind}[]${collation[kind]} NOT NULL,
      first ${kind}${collation[kind]} NOT NULL,
      last ${kind}${collation[kind]} NOT NULL,
      PRIMARY KEY (selection_id, no)
    ) INHERITS (${tables.chunk});
    ALTER TABLE ${table} ALTER keys SET STORAGE EXTERNAL, ALTER ord SET STORAGE EXTERNAL, ALTER versions SET STORAGE EXTERNAL;
    CREATE INDEX ON ${table} (root, first, last) WHERE living OR in_line;`
}
