import { RequestContext } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { FastifyRequest } from 'fastify'
import { configurationError } from '../src/errors.ts'
import type { Condition, ResolvedResourceOptions } from '../src/engine/resource-options.ts'
import type { SelectionView } from '../src/entities/selection.ts'
import { given } from '../src/validation/phrases.ts'
import type { RoutesContext } from './routes-context.ts'

/** What restricts the records that a request may select: the caller's scope and the filters of the application. */
export async function selectionViewOf (context: RoutesContext, request: FastifyRequest, resourceName: string | null): Promise<SelectionView> {
  const resource = resourceName === null ? undefined : context.engine.resources.get(resourceName)
  return {
    em: entityManagerOf(context),
    scope: conditionFrom(`resources.${resourceName}.scope`, await resource?.options.scope?.(request)),
    choiceCondition: async (field) => resource && choiceCondition(resource.options, field, request)
  }
}

async function choiceCondition ({ choices }: Pick<ResolvedResourceOptions<FastifyRequest>, 'choices'>, field: string, request: FastifyRequest): Promise<Condition | undefined> {
  const choice = choices?.[field]
  if (choice === undefined || !('where' in choice)) return undefined
  const { where } = choice
  return typeof where === 'function' ? conditionFrom(`choices.${field}.where`, await where(request)) : where
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
