import type { Log } from '../../log.ts'
import type { Print } from '../config/json-log.ts'

export interface CommandOptions {
  readonly config?: string
  readonly json: boolean
}

export interface CommandSurroundings {
  /** For what the command answers. */
  readonly print: Print
  readonly log: Log
  /** Aborts when the command should come to an end soon. */
  readonly signal: AbortSignal
}

/** Rejects when it failed. */
export type Command = (options: CommandOptions, surroundings: CommandSurroundings) => Promise<void>
