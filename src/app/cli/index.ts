#!/usr/bin/env node
// Checked before anything else is loaded: on an older Node even an import fails, and its error does not say why.
const [major, minor] = process.versions.node.split('.').map(Number) as [number, number]
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`powercrud-async needs Node 22.18 or newer, and this is Node ${process.versions.node}\n`)
  process.exit(1)
}

const { runCli } = await import('./run-cli.ts')
const { stopSignal } = await import('./stop-signal.ts')
process.exit(await runCli(process.argv.slice(2), { signal: stopSignal() }))

export {}
