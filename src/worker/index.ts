export { defineConfig, type Config, type ConfigSource } from '../config/define-config.ts'
export { runCli } from '../cli/run-cli.ts'
