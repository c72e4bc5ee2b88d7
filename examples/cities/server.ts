import { buildApp } from './app.ts'
import { openDatabase } from './database/database.ts'
import { openOrm } from './database/orm.ts'
import { PortTaken } from './errors.ts'
import { loadWorld } from './load/load-world.ts'
import { readSettings, type Settings } from './settings.ts'

/** How long an orderly end may take before the process goes anyway; the next start takes over what is left. */
const shutdownLimitMs = 60_000

/** What was opened, in order; it is closed the other way round. */
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

async function end (): Promise<void> {
  setTimeout(() => process.exit(1), shutdownLimitMs).unref()
  for (const close of closers.reverse()) await close()
}

/** What a person can mend is said in a line; anything else is a fault of ours and needs its stack. */
function complain (error: unknown): void {
  const { message, code = '' } = error as NodeJS.ErrnoException
  console.error(/^(CITIES_|E[A-Z]+$)/.test(code) ? `cities: ${message}` : error)
  process.exitCode = 1
}

const started = Promise.resolve().then(async () => await start(readSettings())).catch(complain)

// npm hands Ctrl-C on to a process that has it already from the terminal, so a second signal means nothing new.
const ended = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve())
})

await started
if (process.exitCode === undefined) await ended
await end().catch(complain)
process.exit()
