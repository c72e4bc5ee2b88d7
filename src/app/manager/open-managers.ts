import type { Engine } from '../../engine/engine.ts'
import { configurationError } from '../../errors.ts'
import type { AnyClass } from '../options/index.ts'
import { lifecycleEvents, type LifecycleHooks } from '../../engine/lifecycle-events.ts'
import type { LifecycleHandlers } from '../../engine/lifecycle.ts'
import { AsyncManager, lifecycleHandlerOf, managerContext, type ManagerContext } from './async-manager.ts'
import { ModelTrackingAsyncManager, trackingError } from './model-tracking-manager.ts'

/** The manager of an application, and what the events of its jobs are delivered to. */
export interface Managers {
  readonly main: AsyncManager
  readonly handlers: LifecycleHandlers
}

interface OwnManagers {
  own: AnyClass | undefined
  byResource: ReadonlyMap<string, AnyClass | undefined>
  /** From the options: they receive the events of all jobs, whatever their manager. */
  hooks: LifecycleHooks | undefined
}

/** @throws invalid_options for a class that is no AsyncManager, or that cannot do its work with these entities */
export function openManagers (engine: Engine, { own, byResource, hooks = {} }: OwnManagers): Managers {
  const context = managerContext(engine)
  const open = (Manager: AnyClass | undefined, path: string): AsyncManager => {
    const manager: object = Manager === undefined ? new AsyncManager(context) : new (Manager as new (context: ManagerContext) => object)(context)
    if (!(manager instanceof AsyncManager)) throw wrong(path, `${Manager!.name} does not extend AsyncManager`)
    const error = manager instanceof ModelTrackingAsyncManager ? trackingError(manager, engine.orm) : undefined
    if (error !== undefined) throw wrong(path, error)
    for (const event of lifecycleEvents) {
      const listener = hooks[`on${event.charAt(0).toUpperCase()}${event.slice(1)}` as keyof LifecycleHooks]
      if (listener !== undefined) manager.on(event, listener)
    }
    return manager
  }
  const main = open(own, 'manager')
  const mainHandler = lifecycleHandlerOf(main)
  const others = new Map([...byResource].flatMap(([name, Manager]) =>
    Manager === undefined ? [] : [[name, lifecycleHandlerOf(open(Manager, `resources.${name}.manager`))] as const]))
  return { main, handlers: { main: mainHandler, others, of: (resource) => (resource === null ? undefined : others.get(resource)) ?? mainHandler } }
}

function wrong (path: string, what: string) {
  return configurationError('invalid_options', `wrong options of fastify-powercrud-async: ${path}: ${what}`)
}
