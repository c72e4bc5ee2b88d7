import { RequestContext } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { FastifyRequest } from 'fastify'
import { configurationError } from '../src/errors.ts'
import type { Condition, ResolvedResourceOptions } from '../src/engine/resource-options.ts'
import { hasOwnCondition, scopesOfTarget } from '../src/app/options/reference-scopes.ts'
import type { SelectionView } from '../src/entities/selection.ts'
import { given } from '../src/validation/phrases.ts'
import type { RoutesContext } from './routes-context.ts'

/** What restricts the records that a request may select: the caller's scope and the filters of the application. */
export async function selectionViewOf (context: RoutesContext, request: FastifyRequest, resourceName: string | null): Promise<SelectionView> {
  const resources = [...context.engine.resources.values()].map(({ options }) => options)
  const resource = resources.find(({ name }) => name === resourceName)
  return {
    em: entityManagerOf(context),
    scope: resource && await scopeOf(resource, request),
    choiceCondition: async (field) => resource && choiceCondition(resource, field, request, resources)
  }
}

type Resource = ResolvedResourceOptions<FastifyRequest>

async function scopeOf ({ name, scope }: Resource, request: FastifyRequest): Promise<Condition | undefined> {
  return conditionFrom(`resources.${name}.scope`, await scope?.(request))
}

/** What a reference may be set to: the field's own `where`, or else the scope of the resource that it refers to. */
async function choiceCondition ({ choices, editable }: Resource, field: string, request: FastifyRequest, resources: readonly Resource[]): Promise<Condition | undefined> {
  const choice = choices?.[field]
  if (!hasOwnCondition(choice)) {
    const target = editable.get(field)?.prop.targetMeta
    const [scoped] = target === undefined ? [] : scopesOfTarget<FastifyRequest, Resource>(target, resources)
    return scoped && scopeOf(scoped, request)
  }
  const { where } = choice
  return typeof where === 'function' ? conditionFrom(`choices.${field}.where`, await where(request)) : where as Condition
}

/**
 * The condition that the application returned; undefined means no condition. Null, or the false of an `&&`, is taken for a
 * programming error and must not mean every record.
 * @throws invalid_options, which clients see as `internal`
 */
function conditionFrom (option: string, answer: unknown): Condition | undefined {
  if (answer === undefined || (typeof answer === 'object' && answer !== null)) return answer
  throw configurationError('invalid_options', `${option} answered ${given(answer)}; allowed is a condition, or undefined for all records`)
}

/** The application's own EntityManager of this request has the parameters of its filters; without one, a fresh one. */
function entityManagerOf ({ engine: { orm } }: RoutesContext): EntityManager {
  const ofRequest = RequestContext.getEntityManager(orm.config.get('contextName')) as EntityManager | undefined
  return ofRequest ?? orm.em.fork()
}
