import type { EntityMetadata } from '@mikro-orm/core'
import { memberPath, type OptionErrors } from '../../validation/option-errors.ts'
import type { ResolvedResourceOptions } from '../../engine/resource-options.ts'

type Scoped<Request> = Pick<ResolvedResourceOptions<Request>, 'name' | 'meta' | 'scope'>

/**
 * The resources whose scope restricts references to an entity: those on the entity itself, or on the entity at the root of
 * its inheritance. More than one only where they share one scope, which `checkReferenceScopes` sees to.
 */
export function scopesOfTarget<Request, Resource extends Scoped<Request>> (target: EntityMetadata, resources: readonly Resource[]): Resource[] {
  return resources.filter(({ meta, scope }) => scope !== undefined && (meta === target || meta === target.root))
}

/** Without a `where` of its own, a reference to an entity with two different scopes would have to pick one of them. */
export function checkReferenceScopes (resources: readonly ResolvedResourceOptions[], errors: OptionErrors): void {
  for (const { name, editable, choices } of resources) {
    for (const [field, { prop: { targetMeta } }] of editable) {
      if (targetMeta === undefined || hasOwnCondition(choices?.[field])) continue
      const scoped = scopesOfTarget(targetMeta, resources)
      if (new Set(scoped.map(({ scope }) => scope)).size < 2) continue
      const names = scoped.map((resource) => resource.name).join(' and ')
      errors.add(memberPath(memberPath('resources', name), 'bulkFields'),
        `${field} refers to ${targetMeta.className}, for which ${names} have different scopes; say in choices.${field}.where which records may be referred to`)
    }
  }
}

/** Whether the application says itself which records a field may refer to. */
export function hasOwnCondition (choice: unknown): choice is { where: unknown } {
  return typeof choice === 'object' && choice !== null && 'where' in choice && choice.where !== undefined
}
