import type { TSchema } from '@sinclair/typebox'
import type { Ajv } from 'ajv'
import type { ProblemItem } from '../../../schemas/problem.ts'
import type { JobRow } from '../../engine/job-row.ts'
import type { TaskDefinition, TaskHandler, Task, Tasks } from '../../engine/task.ts'
import { configurationError, problem } from '../../errors.ts'
import { buildAjv, compileErrors } from '../../validation/ajv.ts'
import { unknownName } from '../../validation/suggestion.ts'

/** The tasks of the options, by name, with their payloads' schemas compiled. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function createTasks (given: { readonly [name: string]: TaskHandler<any> | TaskDefinition<any> }): Tasks {
  const ajv = buildAjv()
  return new Map(Object.entries(given).map(([name, task]) => {
    const definition: TaskDefinition = typeof task === 'function' ? { name, handler: task } : task
    if (definition.name !== name) {
      throw invalidTask(name, `the task calls itself ${definition.name}; give it one name`)
    }
    const { payload: schema, version = 1, upgrade, handler } = definition
    const errorsOf = schema === undefined ? () => [] : payloadErrors(ajv, name, schema)
    return [name, { name, version, upgrade, handler, check: (payload: unknown) => check(name, errorsOf(payload)) }]
  }))
}

function payloadErrors (ajv: Ajv, name: string, schema: TSchema) {
  try {
    return compileErrors(ajv, schema)
  } catch (error) {
    throw invalidTask(name, `its payload is no JSON Schema: ${(error as Error).message}`)
  }
}

function invalidTask (name: string, detail: string) {
  return configurationError('invalid_options', `wrong options of fastify-powercrud-async: tasks[${JSON.stringify(name)}]: ${detail}`)
}

function check (name: string, errors: readonly ProblemItem[]): void {
  if (errors.length === 0) return
  throw problem('validation_failed', `the payload of ${name} is not valid: ${errors.map(({ path, message }) => `${path} ${message}`.trim()).join('; ')}`, { errors })
}

/** @throws unknown_task */
export function requireTask (tasks: Tasks, name: string): Task {
  const task = tasks.get(name)
  if (task === undefined) throw configurationError('unknown_task', `${name}: ${unknownName('task', String(name), [...tasks.keys()])}`)
  return task
}

/** The payload of a job in the shape that `task` knows: an older one is upgraded. */
export function payloadFor ({ version, upgrade }: Task, { spec }: Pick<JobRow, 'spec'>): unknown {
  const from = spec.version ?? 1
  return from === version ? spec.payload : upgrade!(spec.payload, from)
}
