import { fileURLToPath } from 'node:url'
import { runCli, stopSignal } from '../../src/app/worker/index.ts'
import { closeDatabase } from './standalone.config.ts'

/** Runs a command of `powercrud-async` with the configuration of the example, and exits the process. */
export async function runCommand (name: 'worker' | 'cleanup'): Promise<never> {
  const config = fileURLToPath(new URL('standalone.config.ts', import.meta.url))
  const code = await runCli([name, ...process.argv.slice(2), '--config', config], { signal: stopSignal() })
  await closeDatabase()
  process.exit(code)
}
