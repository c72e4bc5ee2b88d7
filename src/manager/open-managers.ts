import type { Engine } from '../engine.ts'
import { configurationError } from '../errors.ts'
import type { AnyClass } from '../options/index.ts'
import { AsyncManager } from './async-manager.ts'

/** The managers of an application: its own, and those that resources have instead. */
export interface Managers {
  readonly main: AsyncManager
  /** The manager of a resource's jobs; of tasks for null. */
  of (resource: string | null): AsyncManager
}

/** @throws invalid_options for a class that is no AsyncManager */
export function openManagers (engine: Engine, own: AnyClass | undefined, byResource: ReadonlyMap<string, AnyClass | undefined>): Managers {
  const open = (Manager: AnyClass | undefined, path: string): AsyncManager => {
    if (Manager === undefined) return new AsyncManager({ engine })
    const manager: object = new (Manager as new (context: { engine: Engine }) => object)({ engine })
    if (manager instanceof AsyncManager) return manager
    throw configurationError('invalid_options', `wrong options of fastify-powercrud-async: ${path}: ${Manager.name} does not extend AsyncManager`)
  }
  const main = open(own, 'manager')
  const others = new Map([...byResource].flatMap(([name, Manager]) => Manager === undefined ? [] : [[name, open(Manager, `resources.${name}.manager`)] as const]))
  return { main, of: (resource) => (resource === null ? undefined : others.get(resource)) ?? main }
}
