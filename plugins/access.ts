import type { FastifyRequest } from 'fastify'
import type { User } from '../schemas/common.ts'
import { configurationError, isPowercrudError, problem } from '../src/errors.ts'
import type { JobView } from '../src/jobs/view/read-view.ts'
import type { Action, ResolvedOptions } from '../src/app/options/index.ts'
import { given as told } from '../src/validation/phrases.ts'

/** Who calls, what they may do, and which jobs they may see: the application's own words for it, asked once a request. */
export interface Access {
  /** Null where nobody is signed in, or the application knows no users. */
  callerOf (request: FastifyRequest): Promise<User | null>
  /** @throws unauthenticated, forbidden */
  require (request: FastifyRequest, action: Action): Promise<void>
  /** Whether `require` would let it pass. */
  allows (request: FastifyRequest, action: Action): Promise<boolean>
  canSee (request: FastifyRequest, view: JobView): Promise<boolean>
  /**
   * Whose jobs a list is restricted to: a user's, or nobody's (null). Undefined where that does not decide: everybody
   * sees all, or each job is to be judged by `canSee`.
   */
  ownerOf (request: FastifyRequest): Promise<string | null | undefined>
  /** Whether the application judges each job itself. */
  readonly judgesEachJob: boolean
}

/**
 * Keys of people are numbers in many an application. Those who have none would all be the same person, and see each other's jobs.
 * @throws invalid_options, of which clients are told no more than that it is our fault
 */
function idOf ({ id }: { id: unknown }): string {
  const isKey = (typeof id === 'string' && !id.includes('\0')) || typeof id === 'number' || typeof id === 'bigint'
  if (isKey) return String(id)
  throw configurationError('invalid_options', `user answered somebody whose id is ${told(id)}; allowed are text without NUL, and numbers`)
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
