import { Type } from '@sinclair/typebox'
import { expect, test } from 'tstyche'
import { type AsyncManager, defineConfig, defineTask, type Config, type TaskContext } from '../../../plugins/index.ts'
import type { Job } from '../../../schemas/job.ts'
import { Item } from '../../fixtures/entities.ts'

const rebuild = defineTask({
  name: 'rebuild',
  payload: Type.Object({ projectId: Type.Integer(), mode: Type.Optional(Type.Union([Type.Literal('fast'), Type.Literal('whole')])) }),
  handler: (payload, context) => {
    expect(payload).type.toBe<{ projectId: number, mode?: 'fast' | 'whole' }>()
    expect(context).type.toBe<TaskContext>()
    return payload.projectId
  }
})
const anything = defineTask({
  name: 'anything',
  handler: (payload) => { expect(payload).type.toBe<unknown>() }
})
declare const manager: AsyncManager

test('the payload of a launch is what the schema of the task says', () => {
  expect(manager.launch(rebuild, { projectId: 7, mode: 'fast' })).type.toBe<Promise<Job>>()
  expect(manager.launch).type.not.toBeCallableWith(rebuild, { projectId: '7' })
  expect(manager.launch).type.not.toBeCallableWith(rebuild, { projectId: 7, mode: 'slow' })
  expect(manager.launch).type.not.toBeCallableWith(rebuild, {})
  expect(manager.launch).type.not.toBeCallableWith(rebuild)
})

test('by its name a task takes what it is judged by then', () => {
  expect(manager.launch).type.toBeCallableWith('rebuild', { projectId: '7' })
  expect(manager.launch).type.toBeCallableWith('rebuild')
  expect(manager.launch).type.toBeCallableWith(anything, [1, 2])
  expect(manager.launch).type.toBeCallableWith(anything)
})

test('what may be said with a launch', () => {
  expect(manager.launch).type.toBeCallableWith(rebuild, { projectId: 7 }, {
    conflicts: { Project: [7, '8', 9n, { row: 'A', number: 1 }] },
    onConflict: 'wait',
    user: { id: 7, label: 'ada' },
    affected: ['Apollo'],
    group: 'spring',
    reason: 'because',
    idempotencyKey: 'k',
    delay: 5,
    attempts: 3,
    timeout: 60
  })
  expect(manager.launch).type.not.toBeCallableWith(rebuild, { projectId: 7 }, { conflict: { Project: [7] } })
  expect(manager.launch).type.not.toBeCallableWith(rebuild, { projectId: 7 }, { onConflict: 'skip' })
})

test('tasks in the options and in a config file: handlers and definitions, side by side', () => {
  expect<NonNullable<Config['tasks']>>().type.toBeAssignableFrom({ rebuild, anything, plain: async ({ id }: { id: number }, { em }: TaskContext) => em.findOne(Item, id) })
  expect<NonNullable<Config['tasks']>>().type.not.toBeAssignableFrom({ rebuild: 'rebuild.ts' })
  expect(defineConfig).type.not.toBeCallableWith({ resources: {} })
})

test('a handler gets what it works with', () => {
  expect<keyof TaskContext>().type.toBe<'jobId' | 'em' | 'signal' | 'updateProgress' | 'log' | 'attempt' | 'checkpoint'>()
  expect<TaskContext['checkpoint']['save']>().type.toBeCallableWith({ at: 3 })
})
