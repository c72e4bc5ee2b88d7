import { Type } from '@sinclair/typebox'
import { closed, Nullable, OneOf } from './common.ts'
import { Text } from './entity/text.ts'

/** The longest time that a timer of Node takes, and how far ahead a task may be planned. Seconds. */
const longestTimeout = 2_147_483
const longestDelay = 31_536_000

/** What may be said with the launch of a task. A misspelt name would mean no lock, or no limit: it is refused. */
export const TaskLaunchSchema = Type.Object({
  conflicts: Type.Optional(Type.Record(Type.String(), Type.Array(Type.Unknown()))),
  onConflict: Type.Optional(OneOf(['fail', 'wait'])),
  user: Type.Optional(Nullable(Type.Object({ id: Type.Union([Type.String(), Type.Number()]) }))),
  affected: Type.Optional(Type.Array(Text({ maxLength: 1_000 }), { maxItems: 1_000 })),
  group: Type.Optional(Text({ maxLength: 255 })),
  reason: Type.Optional(Nullable(Text({ maxLength: 1_000 }))),
  idempotencyKey: Type.Optional(Text({ minLength: 1, maxLength: 255 })),
  delay: Type.Optional(Type.Number({ minimum: 0, maximum: longestDelay })),
  attempts: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
  timeout: Type.Optional(Type.Number({ minimum: 0.001, maximum: longestTimeout }))
}, closed)
