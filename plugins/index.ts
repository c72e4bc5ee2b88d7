export { default } from './powercrud-async.ts'
export type { PowercrudAsyncOptions } from './powercrud-async.ts'
export type { Action, Choices, ReferenceChoices, ResourceOptions } from '../src/options/index.ts'
export { defineConfig, type Config, type ConfigSource } from '../src/config/define-config.ts'
