export { warnOfPlanned } from './planned.ts'
export { resolveOptions } from './resolve-options.ts'
export type { ResolvedOptions, ResolvedResourceOptions } from './resolved-options.ts'
export type { Action, AnyClass, Choices, Condition, PluginOptions, ReferenceChoices, ResourceOptions } from './plugin-options.ts'
