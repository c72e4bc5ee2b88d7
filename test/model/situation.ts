import type { Model } from './model.ts'
import type { World } from './world.ts'

/** What should be, and what is. */
export interface Situation {
  model: Model
  readonly world: World
}
