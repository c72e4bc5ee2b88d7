import { cleanup } from '../../operations/cleanup/cleanup.ts'
import { describeSummary } from '../../operations/cleanup/summary.ts'
import type { Command } from './command.ts'
import { openConfig, openEngine } from '../config/open-config.ts'

/** Runs one cleanup and prints its summary. */
export const runCleanup: Command = async ({ config: path, json }, { print, log, signal }) => {
  const config = await openConfig(path)
  try {
    // The output is the summary; the log has warnings and errors only.
    const { engine, close } = await openEngine(config, { ...log, info: () => {} })
    try {
      const summary = await cleanup(engine, { signal })
      print(`${json ? JSON.stringify(summary) : describeSummary(summary)}\n`)
    } finally {
      await close()
    }
  } finally {
    await config.close()
  }
}
