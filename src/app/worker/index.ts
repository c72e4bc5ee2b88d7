export { defineConfig, type Config, type ConfigSource } from '../config/define-config.ts'
export { runCli, type CliSurroundings } from '../cli/run-cli.ts'
export { stopSignal } from '../cli/stop-signal.ts'
