import { RequestContext } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import type { FastifyRequest } from 'fastify'
import type { Condition } from '../src/options/plugin-options.ts'
import type { ResolvedResourceOptions } from '../src/options/index.ts'
import type { SelectionView } from '../src/selection/selection.ts'
import type { RoutesContext } from './routes-context.ts'

/** Through whose eyes a request selects records of a resource: the caller's scope, and the filters of the application. */
export async function viewOf (context: RoutesContext, request: FastifyRequest, resourceName: string | null): Promise<SelectionView> {
  const resource = resourceName === null ? undefined : context.settings.resources[resourceName]
  return {
    em: entityManagerOf(context),
    scope: await resource?.scope?.(request),
    choiceCondition: async (field) => resource && choiceCondition(resource, field, request)
  }
}

async function choiceCondition ({ choices }: ResolvedResourceOptions<FastifyRequest>, field: string, request: FastifyRequest): Promise<Condition | undefined> {
  const choice = choices?.[field]
  if (choice === undefined || !('where' in choice)) return undefined
  const { where } = choice
  return typeof where === 'function' ? await where(request) : where
}

/** The application's own EntityManager of this request has the parameters of its filters; without one, a fresh one. */
function entityManagerOf ({ engine: { orm } }: RoutesContext): EntityManager {
  const ofRequest = RequestContext.getEntityManager(orm.config.get('contextName')) as EntityManager | undefined
  return ofRequest ?? orm.em.fork()
}
