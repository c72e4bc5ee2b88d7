import { Ajv, type ValidateFunction } from 'ajv'
import ajvFormats from 'ajv-formats'
import type { JobRow } from '../../engine/job-row.ts'
import type { TaskDefinition, TaskHandler, Task, Tasks } from '../../engine/task.ts'
import { configurationError, problem } from '../../errors.ts'
import { strictFormats } from '../../validation/formats.ts'
import { unknownName } from '../../validation/suggestion.ts'

/** The tasks of the options, by name, with their payloads' schemas compiled. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function createTasks (given: { readonly [name: string]: TaskHandler<any> | TaskDefinition<any> }): Tasks {
  const ajv = new Ajv({ allErrors: true, strict: false })
  ajvFormats.default(ajv)
  for (const [name, validate] of Object.entries(strictFormats)) ajv.addFormat(name, validate)
  return new Map(Object.entries(given).map(([name, task]) => {
    const definition: TaskDefinition = typeof task === 'function' ? { name, handler: task } : task
    if (definition.name !== name) {
      throw configurationError('invalid_options', `wrong options of fastify-powercrud-async: tasks[${JSON.stringify(name)}]: the task calls itself ${definition.name}; give it one name`)
    }
    const validate = definition.payload && ajv.compile(definition.payload)
    const { version = 1, upgrade, handler } = definition
    return [name, { name, version, upgrade, handler, check: (payload: unknown) => check(name, validate, payload) }]
  }))
}

function check (name: string, validate: ValidateFunction | undefined, payload: unknown): void {
  if (validate === undefined || validate(payload)) return
  const errors = validate.errors!.map(({ instancePath, message }) => ({ path: instancePath, message: message ?? 'is not valid' }))
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
