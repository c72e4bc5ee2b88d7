import { buildApp } from './app.ts'
import { openDatabase } from './database/database.ts'
import { openOrm } from './database/orm.ts'
import { PortTaken } from './errors.ts'
import { loadWorld } from './load/load-world.ts'
import { readSettings, type Settings } from './settings.ts'

/** How long a graceful shutdown may take; after that the process exits, and the next start recovers. */
const shutdownLimitMs = 60_000

/** Closed in reverse order of opening. */
const closers: Array<() => Promise<unknown>> = []

async function start (settings: Settings): Promise<void> {
  const database = await openDatabase(settings)
  closers.push(database.close)
  if (database.place !== undefined) console.log(`cities: PostgreSQL runs: ${database.place}`)
  const orm = await openOrm(database.url)
  closers.push(() => orm.close())
  const loaded = await loadWorld(database.url, orm)
  const app = await buildApp({ orm, redisUrl: settings.redisUrl, worker: settings.worker, logger: true })
  closers.push(() => app.close())
  if (loaded) app.log.info('loaded the cities and countries of the world')
  await app.listen({ port: settings.port, host: settings.host }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new PortTaken(settings.port) : error
  })
}

async function shutDown (): Promise<void> {
  setTimeout(() => process.exit(1), shutdownLimitMs).unref()
  for (const close of closers.reverse()) await close()
}

/** Errors that the user can fix are one line; anything else is a bug and is printed with its stack. */
function reportError (error: unknown): void {
  const { message, code = '' } = error as NodeJS.ErrnoException
  console.error(/^(CITIES_|E[A-Z]+$)/.test(code) ? `cities: ${message}` : error)
  process.exitCode = 1
}

const started = Promise.resolve().then(async () => await start(readSettings())).catch(reportError)

// npm forwards Ctrl-C to a process that got it from the terminal already, so a second signal is ignored.
const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
})

await started
if (process.exitCode === undefined) await ended
await shutDown().catch(reportError)
process.exit()
