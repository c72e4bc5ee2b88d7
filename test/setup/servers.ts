// node test/setup/servers.ts: a pair of servers for many test runs. Prints two `export` lines for a shell, and runs
// until SIGTERM or Ctrl-C.

import { requirePrograms } from './programs.ts'
import { createRunDirectory, removeRunDirectory } from './run-directory.ts'
import { SetupError } from './setup-error.ts'
import { startServers } from './start-servers.ts'

const { promise: stopped, resolve: stop } = Promise.withResolvers<void>()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop())

const directory = process.env.TEST_RUN_DIRECTORY = await createRunDirectory()
try {
  await requirePrograms()
  const servers = await startServers()
  for (const [name, value] of Object.entries(servers.env)) console.log(`export ${name}=${value}`)
  // A signal listener alone does not keep Node alive.
  const alive = setInterval(() => {}, 2 ** 30)
  await stopped
  clearInterval(alive)
  await servers.stop()
} catch (error) {
  if (!(error instanceof SetupError)) throw error
  console.error(error.message)
  process.exitCode = 1
} finally {
  await removeRunDirectory(directory)
}
