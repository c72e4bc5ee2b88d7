import { Type } from '@sinclair/typebox'
import { closed, Nullable, OneOf } from './common.ts'
import { Text } from './entity/text.ts'

/** The longest time that a timer of Node takes, and how far ahead a task may be planned. Seconds. */
const longestTimeout = 2_147_483
const longestDelay = 31_536_000

/** Records by entity or resource. Values that are not keys are reported where the entity is known. */
export const ConflictsSchema = Type.Record(Type.String(), Type.Array(Type.Unknown()))

/** The user who launches, as the application identifies them. */
const Launcher = Type.Object({ id: Type.Union([Text({ maxLength: 255 }), Type.Number()]), label: Type.Optional(Nullable(Text({ maxLength: 1_000 }))) })

/** The progress of a job, reported from outside of its handler. */
export const ToldProgressSchema = Type.Object({
  done: Type.Number({ minimum: 0, maximum: 2_147_483_647 }),
  total: Type.Number({ minimum: 0, maximum: 2_147_483_647 }),
  message: Type.Optional(Text({ maxLength: 1_000 }))
}, closed)

/** A filter of the list of active jobs. A misspelt name would match all of them: it is refused. */
export const ActiveQuerySchema = Type.Object({
  resource: Type.Optional(Text()),
  operation: Type.Optional(Text()),
  createdBy: Type.Optional(Text()),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 }))
}, closed)

/** What may be said with the launch of a task. A misspelt name would mean no lock, or no limit: it is refused. */
export const TaskLaunchSchema = Type.Object({
  conflicts: Type.Optional(ConflictsSchema),
  onConflict: Type.Optional(OneOf(['fail', 'wait'])),
  user: Type.Optional(Nullable(Launcher)),
  affected: Type.Optional(Type.Array(Text({ maxLength: 1_000 }), { maxItems: 1_000 })),
  group: Type.Optional(Text({ maxLength: 255 })),
  reason: Type.Optional(Nullable(Text({ maxLength: 1_000 }))),
  idempotencyKey: Type.Optional(Text({ minLength: 1, maxLength: 255 })),
  delay: Type.Optional(Type.Number({ minimum: 0, maximum: longestDelay })),
  attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  timeout: Type.Optional(Type.Number({ minimum: 0.001, maximum: longestTimeout }))
}, closed)
