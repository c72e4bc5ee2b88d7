import type { EntityManager } from '@mikro-orm/postgresql'
import type { Static, TSchema } from '@sinclair/typebox'
import type { Log } from '../log.ts'

/** From where a task can go on when it is taken up again. */
export interface Checkpoint<Value = unknown> {
  /** What was saved last, in this attempt or in one before; undefined at the first beginning. */
  readonly value: Value | undefined
  /**
   * Commits what `em` has written so far, together with the value, and begins a new transaction. What was committed
   * stays, whatever becomes of the task; an attempt that follows finds the value.
   */
  save (value: Value): Promise<void>
}

/** What a task's handler works with. */
export interface TaskContext {
  readonly jobId: string
  /**
   * In the transaction of the job: what it writes is committed once, together with the end of the job, or not at all.
   * `checkpoint.save` commits on the way.
   */
  readonly em: EntityManager
  /** Aborts when the task should end: cancelled, out of time, its worker shuts down, or has lost it. */
  readonly signal: AbortSignal
  /** Reports progress; cheap enough for every record. A task that reports nothing for `maxTaskDuration` is stuck. */
  updateProgress (done: number, total: number, message?: string): void
  readonly log: Log
  /** Which attempt this is, from 1. */
  readonly attempt: number
  readonly checkpoint: Checkpoint
}

/** What it answers becomes the job's `result`: JSON, of 64 KiB at most. */
export type TaskHandler<Payload = unknown> = (payload: Payload, context: TaskContext) => unknown

export interface TaskDefinition<Schema extends TSchema = TSchema> {
  readonly name: string
  /** Judges the payload at the launch, and again where the task runs; any JSON, when left out. */
  readonly payload?: Schema
  /** Of the payload's shape; 1, when left out. A worker leaves payloads of versions that it does not know to others. */
  readonly version?: number
  /** Makes a payload of an older version one of this. Without it older payloads are left to older workers. */
  readonly upgrade?: (payload: unknown, version: number) => unknown
  readonly handler: TaskHandler<Static<Schema>>
}

/** Gives a task the type of its payload. */
export function defineTask<Schema extends TSchema = TSchema> (definition: TaskDefinition<Schema>): TaskDefinition<Schema> {
  return definition
}

/** A task as workers and launches know it. */
export interface Task {
  readonly name: string
  readonly version: number
  readonly upgrade: TaskDefinition['upgrade']
  readonly handler: TaskHandler
  /** @throws validation_failed, which lists each error */
  check (payload: unknown): void
}

export type Tasks = ReadonlyMap<string, Task>
