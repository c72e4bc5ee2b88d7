import { cleanup } from '../../operations/cleanup/cleanup.ts'
import { describeSummary } from '../../operations/cleanup/summary.ts'
import type { Command } from './command.ts'
import { openConfig, openEngine } from '../config/open-config.ts'

/** Sweeps once, and tells what was done. */
export const runCleanup: Command = async ({ config: path, json }, { print, log, signal }) => {
  const config = await openConfig(path)
  try {
    // What a person or a scheduled task wants of a cleanup is its summary, and what is wrong.
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
