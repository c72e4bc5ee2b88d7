import type { FastifyRequest } from 'fastify'
import type { Engine } from '../src/engine/engine.ts'
import type { JobFeed } from '../src/live/job-feed.ts'
import type { ResolvedOptions } from '../src/app/options/index.ts'
import type { Access } from './access.ts'
import type { describeResponses } from './responses.ts'

/** What the plugins of our routes work with. */
export interface RoutesContext {
  readonly engine: Engine
  readonly feed: JobFeed
  readonly access: Access
  /** Of the plugin; what concerns a resource is in `engine.resources`. */
  readonly settings: Omit<ResolvedOptions<FastifyRequest>, 'resources'>
  readonly responses: ReturnType<typeof describeResponses>
}
