import { quote } from './sql.ts'

/** How record keys are stored: the element type of a chunk's key array. Strings and composite keys are text. */
export const keyKinds = ['int4', 'int8', 'uuid', 'text'] as const
export type KeyKind = typeof keyKinds[number]

/** The engine's tables, quoted and with their schema, as they appear in a statement. */
export interface Tables {
  readonly schema: string
  readonly migration: string
  readonly job: string
  /** The parent of the four tables below: statements that need no keys use it for all kinds at once. */
  readonly chunk: string
  readonly chunkOf: Readonly<Record<KeyKind, string>>
  readonly jobChunk: string
  /** The values of records before a job wrote them. */
  readonly image: string
  readonly ticket: string
  /** Selections that were frozen for a preview. */
  readonly preview: string
  readonly worker: string
  readonly idempotency: string
  readonly liveProgress: string
  /** Lifecycle events that are not delivered yet. */
  readonly outbox: string
  /** One row: the random id of these tables. */
  readonly installation: string
}

/** Names the tables in one schema (option `databaseSchema`). */
export function tablesIn (schemaName: string): Tables {
  const schema = quote(schemaName)
  const table = (name: string) => `${schema}.${quote(name)}`
  return {
    schema,
    migration: table('migration'),
    job: table('job'),
    chunk: table('chunk'),
    chunkOf: { int4: table('chunk_int4'), int8: table('chunk_int8'), uuid: table('chunk_uuid'), text: table('chunk_text') },
    jobChunk: table('job_chunk'),
    image: table('image'),
    ticket: table('ticket'),
    preview: table('preview'),
    worker: table('worker'),
    idempotency: table('idempotency'),
    liveProgress: table('live_progress'),
    outbox: table('outbox'),
    installation: table('installation')
  }
}
