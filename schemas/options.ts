import { Type, type SchemaOptions, type TSchema } from '@sinclair/typebox'
import { closed, defaultSchemaPrefix, Nullable, OneOf } from './common.ts'

/**
 * A member that is no JSON: a function, a class, an object of another library.
 * @param kind what is allowed, for messages: "a function"
 */
function Kind (kind: string, check: (value: unknown) => boolean, options: SchemaOptions) {
  return Type.Unsafe<unknown>({ 'x-kind': kind, 'x-check': check, ...options })
}

const isFunction = (value: unknown) => typeof value === 'function'
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const hasMethod = (value: unknown, name: string) => isObject(value) && typeof value[name] === 'function'

const Callback = (description: string) => Type.Optional(Kind('a function', isFunction, { description }))
const OwnClass = (description: string) => Type.Optional(Kind('a class', isFunction, { description }))
const Schema = Kind('a JSON Schema', isObject, {})

/** The longest time that a timer of Node takes. */
const longestSeconds = 2_147_483

function Seconds (byDefault: number, minimum: number, description: string) {
  return Type.Optional(Type.Number({ default: byDefault, minimum, maximum: longestSeconds, description: `${description} Seconds.` }))
}

function Switch (byDefault: boolean, description: string) {
  return Type.Optional(Type.Boolean({ default: byDefault, description }))
}

/** An option that is not implemented yet: refused unless it has its default. */
function Planned<Option extends TSchema> (option: Option): Option {
  return { ...option, 'x-planned': true, description: `${option.description} Planned: refused until it has an effect.` }
}

const fieldNames = (description: string) => Type.Optional(Type.Array(Type.String(), { default: [], description }))
const byField = (value: TSchema, description: string) => Type.Optional(Type.Record(Type.String(), value, { default: {}, description }))

const Choices = Type.Union([
  Type.Array(Type.Union([Type.String(), Type.Number(), Type.Boolean()]), { minItems: 1 }),
  Type.Object({
    label: Type.Optional(Type.String({ description: 'The property of the referenced entity that names a record for people.' })),
    search: Type.Optional(Type.Array(Type.String(), { description: 'The properties that a search looks into; the label\'s when left out.' })),
    where: Type.Optional(Kind('a function or an object', (value) => isFunction(value) || isObject(value), {
      description: 'Which records may be chosen: a MikroORM condition, or a function of the request that answers one.'
    }))
  }, closed)
])

export const ResourceOptionsSchema = Type.Object({
  entity: Kind('a MikroORM entity', (value) => isFunction(value) || isObject(value), {
    description: "The MikroORM entity: its class or its `EntitySchema`. Its table must be there at registration, in one schema: the entity's own, else the ORM's, else by search path."
  }),
  path: Type.String({
    pattern: '^(/[^/\\s?#]+)+$', description: 'Where the routes are: a path that begins with a slash and does not end with one.', examples: ['/cities']
  }),
  bulkFields: fieldNames('The properties that a bulk update may write.'),
  filterFields: fieldNames('The properties that a filter may use.'),
  bulkDelete: Switch(false, 'Offer bulk delete.'),
  bulkAsync: Switch(true, 'Run large operations in the background.'),
  bulkMinAsyncRecords: Type.Optional(Type.Integer({
    default: 20, minimum: 0, description: 'Operations on at least this many records run in the background.'
  })),
  bulkAsyncConflictChecking: Switch(true, 'Lock the records of a job against other jobs.'),
  bulkAsyncAllowAnonymous: Type.Optional(Type.Boolean({
    description: 'Allow background jobs of anonymous callers. True by default only while the application gives no `user`.'
  })),
  bulkMaxSelectedRecords: Type.Optional(Type.Integer({
    default: 100_000, minimum: 1, maximum: 100_000_000, description: 'The most records that an operation may have.'
  })),
  bulkFullClean: Switch(true, 'Call `validate` for each record.'),
  fieldLabels: byField(Type.String(), 'Display names of fields.'),
  fieldSchemas: byField(Schema, 'A JSON Schema for the values of a field, for column types that are not known, or to be stricter.'),
  choices: byField(Choices, 'What may be chosen: a list of values, or for references `{ label, search, where }`.'),
  scope: Callback('`(request) => condition`: the records that the caller may see. Restricts selections, retry, undo (a delete cannot be undone by a caller with a scope), and references to this resource from fields without a `where` in `choices`.'),
  constraintMessages: byField(Type.String({ minLength: 1 }), 'Messages for people, by the name of the violated constraint. A constraint\'s COMMENT does the same.'),
  validate: Type.Optional(Kind('a function or a JSON Schema', (value) => isFunction(value) || isObject(value), {
    description: 'A rule that each changed record must obey: a TypeBox schema of the record, or `(record, context)`, which throws to refuse. Requires the entity path.'
  })),
  persistence: OwnClass('The application\'s own class that writes the records, in the request and in the worker: `writeChunk({ em, mode, resource, keys, set, user, job, progress })`.'),
  persistenceConfig: Type.Optional(Kind('an object', isObject, {
    description: 'What the persistence class is constructed with. Server and worker must agree on its plain values; what may differ from process to process (addresses, secrets) is given as a function or an instance of a class.'
  })),
  write: Type.Optional(OneOf(['auto', 'set', 'entity'], {
    default: 'auto', description: 'One statement per chunk (`set`), or loaded entities with their hooks (`entity`). `auto`: `set` where nothing must run per record.'
  })),
  throttle: Planned(Type.Optional(Nullable(Type.Number({ exclusiveMinimum: 0 }), { default: null, description: 'The most records per second; null for no limit.' }))),
  undo: Switch(false, 'Keep before-images as long as the job, so that updates and deletes can be undone. Not with `persistence`.'),
  manager: OwnClass('The `AsyncManager` of this resource, instead of the plugin\'s.')
}, closed)

const namePattern = '^[A-Za-z][A-Za-z0-9_-]{0,62}$'
const taskNamePattern = '^[A-Za-z][A-Za-z0-9_.-]{0,99}$'

const WorkerOptions = Type.Object({
  mode: Type.Optional(OneOf(['in-process', 'separate'], {
    default: 'in-process', description: 'Work in this process, or leave it to `powercrud-async worker`.'
  })),
  concurrency: Type.Optional(Type.Integer({ default: 2, minimum: 1, maximum: 100, description: 'Concurrent jobs, each with a database connection.' }))
}, { ...closed, default: {}, description: 'Where jobs run: `{ mode, concurrency }`.' })

const LifecycleHooks = Type.Object({
  onCreate: Callback('A job was launched.'),
  onProgress: Callback('The progress of a job; about once a second at most.'),
  onComplete: Callback('A job succeeded, or completed with errors.'),
  onFail: Callback('A job failed.'),
  onCancel: Callback('A job was cancelled.'),
  onCleanup: Callback('The last event of each job, after its end.')
}, { ...closed, description: 'Lifecycle callbacks: `{ onComplete: (job, payload) => … }`. Delivered at least once, also by separate workers.' })

export const PluginOptionsSchema = Type.Object({
  orm: Kind('an initialised MikroORM', (value) => hasMethod(value, 'getMetadata') && isObject(value) && isObject(value.em), {
    description: 'The application\'s MikroORM, with its PostgreSQL driver.'
  }),
  redis: Type.Optional(Type.Union([
    Type.Literal(true),
    Type.String({ minLength: 1 }),
    Kind('an ioredis client', (value) => hasMethod(value, 'duplicate'), {})
  ], {
    description: 'Redis for queue and live progress: an ioredis client, true for `app.redis`, or the name of an `@fastify/redis` namespace. Without it PostgreSQL does both.'
  })),
  resources: Type.Optional(Type.Record(Type.String(), Kind('an object', isObject, {}), {
    default: {}, description: 'What can be edited and deleted in bulk, by name.'
  })),
  tasks: Type.Optional(Type.Record(Type.String(), Kind('a function or a defineTask({ … })', (value) => isFunction(value) || hasMethod(value, 'handler'), {}), {
    default: {}, description: 'Background tasks of the application, by name: `(payload, { jobId, em, signal, updateProgress, log, attempt, checkpoint })`, or what `defineTask` answers.'
  })),
  prefix: Type.Optional(Type.String({
    pattern: '^[A-Za-z0-9_-]{1,40}$', default: 'powercrud', description: 'Prefix of queue and keys: up to 40 letters, digits, hyphens and underscores.'
  })),
  databaseSchema: Type.Optional(Type.String({
    pattern: '^(?!pg_|bullmq$|information_schema$)[a-z_][a-z0-9_]{0,62}$',
    default: 'powercrud',
    description: 'The database schema of our tables: a lower-case name, neither `bullmq` nor one of PostgreSQL\'s own.'
  })),
  schemaPrefix: Type.Optional(Type.String({
    pattern: '^[A-Z][A-Za-z0-9]{0,39}$', default: defaultSchemaPrefix, description: 'Prefix of the names of our JSON Schemas: letters and digits, with a capital first.'
  })),
  asyncEnabled: Switch(true, 'Run operations in the background.'),
  conflictTtl: Seconds(3600, 1, 'How long a job that no worker touches keeps its records while no worker is alive.'),
  progressTtl: Seconds(7200, 1, 'How long live progress and idempotency keys are kept.'),
  cleanupGracePeriod: Seconds(86400, 0, 'How long finished jobs are kept.'),
  maxTaskDuration: Seconds(3600, 1, 'A job without progress for this long is stuck, and is stopped.'),
  cleanupScheduleInterval: Seconds(300, 1, 'How often the cleanup runs.'),
  worker: Type.Optional(WorkerOptions),
  manager: OwnClass('The application\'s own `AsyncManager`.'),
  hooks: Type.Optional(LifecycleHooks),
  authorize: Callback('`(request, { action, resource, job })` answers whether the caller may do it. Only `true` allows.'),
  user: Callback('`(request) => { id, label }`, or null: who is calling.'),
  canSeeJob: Callback('`(request, job)`: may the caller see this job? By default one\'s own, and all while there is no `user`.'),
  maxQueuedJobsPerUser: Type.Optional(Type.Integer({ default: 1000, minimum: 1, description: 'The most jobs of one user that may be queued, or waiting for records, at once: one more is refused (429). Jobs that have begun do not count; anonymous callers are not limited.' })),
  basePath: Type.Optional(Type.String({
    pattern: '^(/[^/\\s?#]+)+$', default: '/powercrud/async', description: 'Where the job routes are: a path that begins with a slash and does not end with one.'
  })),
  dashboard: Planned(Switch(false, 'Serve pages for people under `{basePath}/dashboard`.')),
  migrate: Switch(false, 'Create and upgrade our tables at start.'),
  progressCompletionStatus: Type.Optional(Type.Unsafe<286 | 200>({
    type: 'integer', enum: [286, 200], default: 286, description: 'The HTTP status of the progress route once a job has ended; 200 for clients that cannot take 286.'
  }))
}, closed)

export const ResourceName = Type.String({ pattern: namePattern, description: 'A name of up to 63 letters, digits, hyphens and underscores, with a letter first.' })
export const TaskName = Type.String({ pattern: taskNamePattern, description: 'A name of up to 100 letters, digits, dots, hyphens and underscores, with a letter first.' })

/** Operations of our own; a task cannot be called so. */
export const reservedTaskNames = ['update', 'delete', 'undo'] as const

export interface OptionTableRow {
  readonly name: string
  /** As it is written in code; empty where there is none. */
  readonly default: string
  readonly description: string
}

function written (value: unknown): string {
  return value === undefined ? '' : typeof value === 'string' ? `'${value}'` : JSON.stringify(value)
}

function rows (properties: Record<string, TSchema>, prefix: string = ''): OptionTableRow[] {
  return Object.entries(properties).flatMap(([name, schema]) => [
    { name: prefix + name, default: schema.properties === undefined ? written(schema.default) : '', description: schema.description ?? '' },
    ...(schema.properties === undefined ? [] : rows(schema.properties, `${prefix}${name}.`))
  ])
}

/** The README's tables of options. */
export function optionTable (): { plugin: OptionTableRow[], resource: OptionTableRow[] } {
  return { plugin: rows(PluginOptionsSchema.properties), resource: rows(ResourceOptionsSchema.properties) }
}
