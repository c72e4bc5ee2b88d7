import type { FastifyRequest } from 'fastify'
import type { User } from '../schemas/common.ts'
import { configurationError, isPowercrudError, problem } from '../src/errors.ts'
import type { JobView } from '../src/jobs/view/read-view.ts'
import type { Action, ResolvedOptions } from '../src/app/options/index.ts'
import { given as describe } from '../src/validation/phrases.ts'

/** Who calls, what they may do, and which jobs they may see, as the options of the application decide. */
export interface Access {
  /** Null for anonymous callers, and when the application has no `user` option. */
  callerOf (request: FastifyRequest): Promise<User | null>
  /** @throws unauthenticated, forbidden */
  require (request: FastifyRequest, action: Action): Promise<void>
  /** Whether `require` would let it pass. */
  allows (request: FastifyRequest, action: Action): Promise<boolean>
  canSee (request: FastifyRequest, view: JobView): Promise<boolean>
  /**
   * Whose jobs a list is restricted to: those of a user, or anonymous ones (null). Undefined when all jobs are visible, or
   * when `canSee` decides for each job.
   */
  ownerOf (request: FastifyRequest): Promise<string | null | undefined>
  /** Whether `canSeeJob` decides for each job. */
  readonly judgesEachJob: boolean
}

/**
 * Ids of users are often numbers. Users without an id would all count as the same user and see each other's jobs.
 * @throws invalid_options, which clients see as `internal`
 */
function idOf ({ id }: { id: unknown }): string {
  const isKey = (typeof id === 'string' && !id.includes('\0')) || typeof id === 'number' || typeof id === 'bigint'
  if (isKey) return String(id)
  throw configurationError('invalid_options', `user returned a user whose id is ${describe(id)}; allowed are text without NUL, and numbers`)
}

export function createAccess ({ user, authorize, canSeeJob }: ResolvedOptions<FastifyRequest>): Access {
  const callers = new WeakMap<FastifyRequest, Promise<User | null>>()

  async function identify (request: FastifyRequest): Promise<User | null> {
    const given = await user?.(request)
    if (given === null || given === undefined) return null
    return { id: idOf(given), label: String(given.label ?? given.id) }
  }

  async function callerOf (request: FastifyRequest): Promise<User | null> {
    const known = callers.get(request) ?? identify(request)
    callers.set(request, known)
    return known
  }

  /** Only `true` allows: neither a check that throws nor one that forgets to answer may let a caller in. */
  async function isAllowed (request: FastifyRequest, action: Action): Promise<boolean> {
    try {
      return authorize === undefined || await authorize(request, action) === true
    } catch (error) {
      if (isPowercrudError(error)) throw error
      request.log.info({ err: error, action: action.action }, 'authorize refused')
      return false
    }
  }

  async function isOwner (request: FastifyRequest, { row }: JobView): Promise<boolean> {
    return row.created_by_id === ((await callerOf(request))?.id ?? null)
  }

  return {
    callerOf,
    async require (request, action) {
      const caller = await callerOf(request)
      if (await isAllowed(request, action)) return
      throw problem(user !== undefined && caller === null ? 'unauthenticated' : 'forbidden')
    },
    async allows (request, action) {
      try {
        return await isAllowed(request, action)
      } catch (error) {
        if (isPowercrudError(error, 'forbidden') || isPowercrudError(error, 'unauthenticated')) return false
        throw error
      }
    },
    async canSee (request, view) {
      if (canSeeJob !== undefined) return Boolean(await canSeeJob(request, view.job))
      return user === undefined || await isOwner(request, view)
    },
    async ownerOf (request) {
      if (canSeeJob !== undefined || user === undefined) return undefined
      return (await callerOf(request))?.id ?? null
    },
    judgesEachJob: canSeeJob !== undefined
  }
}
