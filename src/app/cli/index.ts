#!/usr/bin/env node
import { runCli } from './run-cli.ts'
import { stopSignal } from './stop-signal.ts'

process.exit(await runCli(process.argv.slice(2), { signal: stopSignal() }))
