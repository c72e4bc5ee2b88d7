#!/usr/bin/env node
import { runCli } from './run-cli.ts'

const stopping = new AbortController()
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.on(name, () => {
    // Who asks twice does not want to wait for what is running.
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
  })
}

process.exit(await runCli(process.argv.slice(2), { signal: stopping.signal }))
