import type { Engine } from '../../engine/engine.ts'
import { configurationError } from '../../errors.ts'
import type { AnyClass } from '../options/index.ts'
import { lifecycleEvents, type LifecycleHooks } from '../../engine/lifecycle-events.ts'
import { AsyncManager } from './async-manager.ts'

/** The managers of an application: its own, and those that resources have instead. */
export interface Managers {
  readonly main: AsyncManager
  /** Those that resources have instead, by resource. */
  readonly others: ReadonlyMap<string, AsyncManager>
  /** The manager of a resource's jobs; of tasks for null. */
  of (resource: string | null): AsyncManager
}

interface OwnManagers {
  own: AnyClass | undefined
  byResource: ReadonlyMap<string, AnyClass | undefined>
  /** Of the options: they hear of all jobs, whatever manager these have. */
  hooks: LifecycleHooks | undefined
}

/** @throws invalid_options for a class that is no AsyncManager, or that cannot do its work with these entities */
export function openManagers (engine: Engine, { own, byResource, hooks = {} }: OwnManagers): Managers {
  const open = (Manager: AnyClass | undefined, path: string): AsyncManager => {
    const manager: object = Manager === undefined ? new AsyncManager({ engine }) : new (Manager as new (context: { engine: Engine }) => object)({ engine })
    if (!(manager instanceof AsyncManager)) throw wrong(path, `${Manager!.name} does not extend AsyncManager`)
    const mistake = manager.mistake()
    if (mistake !== undefined) throw wrong(path, mistake)
    for (const event of lifecycleEvents) {
      const listener = hooks[`on${event.charAt(0).toUpperCase()}${event.slice(1)}` as keyof LifecycleHooks]
      if (listener !== undefined) manager.on(event, listener)
    }
    return manager
  }
  const main = open(own, 'manager')
  const others = new Map([...byResource].flatMap(([name, Manager]) => Manager === undefined ? [] : [[name, open(Manager, `resources.${name}.manager`)] as const]))
  return { main, others, of: (resource) => (resource === null ? undefined : others.get(resource)) ?? main }
}

function wrong (path: string, what: string) {
  return configurationError('invalid_options', `wrong options of fastify-powercrud-async: ${path}: ${what}`)
}
