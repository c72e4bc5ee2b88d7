import { fileURLToPath } from 'node:url'
import { runCli } from '../../src/app/worker/index.ts'
import { closeDatabase } from './standalone.config.ts'
import { stopping } from './stopping.ts'

/** Runs a command of `powercrud-async` with the configuration of the example, and exits the process. */
export async function runCommand (name: 'worker' | 'cleanup'): Promise<never> {
  const config = fileURLToPath(new URL('standalone.config.ts', import.meta.url))
  const code = await runCli([name, ...process.argv.slice(2), '--config', config], { signal: stopping })
  await closeDatabase()
  process.exit(code)
}
