import type { Model } from './model.ts'
import type { World } from './world.ts'

/** What should be, and what is. */
export interface Situation {
  model: Model
  readonly world: World
  /** Work that was begun beside other work. */
  readonly underway: Promise<unknown>[]
}

/** Begins work beside other work. A scenario that fails waits for it all the same, since the next one takes its world. */
export function beside<Value> ({ underway }: Situation, work: Promise<Value>): Promise<Value> {
  underway.push(work.catch(() => undefined))
  return work
}
