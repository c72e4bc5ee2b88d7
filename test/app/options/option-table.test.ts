import t from 'tap'
import { optionTable } from '../../../schemas/options.ts'
import { resolveOptions, type PluginOptions, type ResourceOptions } from '../../../src/app/options/index.ts'
import { entities, Item } from '../../fixtures/entities.ts'
import { discover } from '../../schemas/discover.ts'

// The interfaces that applications write against, and the schemas that judge what they write, name the same options.
const pluginNames: Record<keyof Required<PluginOptions>, true> = {
  orm: true,
  redis: true,
  resources: true,
  tasks: true,
  prefix: true,
  databaseSchema: true,
  schemaPrefix: true,
  asyncEnabled: true,
  conflictTtl: true,
  progressTtl: true,
  cleanupGracePeriod: true,
  maxTaskDuration: true,
  cleanupScheduleInterval: true,
  worker: true,
  manager: true,
  authorize: true,
  user: true,
  canSeeJob: true,
  maxQueuedJobsPerUser: true,
  basePath: true,
  dashboard: true,
  migrate: true,
  hooks: true,
  progressCompletionStatus: true
}
const resourceNames: Record<keyof Required<ResourceOptions>, true> = {
  entity: true,
  path: true,
  bulkFields: true,
  filterFields: true,
  bulkDelete: true,
  bulkAsync: true,
  bulkMinAsyncRecords: true,
  bulkAsyncConflictChecking: true,
  bulkAsyncAllowAnonymous: true,
  bulkMaxSelectedRecords: true,
  bulkFullClean: true,
  fieldLabels: true,
  fieldSchemas: true,
  choices: true,
  scope: true,
  constraintMessages: true,
  validate: true,
  persistence: true,
  persistenceConfig: true,
  write: true,
  throttle: true,
  undo: true,
  manager: true
}

t.test('the tables name every option, with its default and what it is for', async (t) => {
  const { plugin, resource } = optionTable()
  t.same(plugin.map(({ name }) => name).filter((name) => !name.includes('.')).sort(), Object.keys(pluginNames).sort())
  t.same(resource.map(({ name }) => name).sort(), Object.keys(resourceNames).sort())
  for (const { name, description } of [...plugin, ...resource]) t.match(description, /[.]$/, name)
  t.match(plugin.find(({ name }) => name === 'conflictTtl'), { default: '3600', description: /Seconds\.$/ })
  t.match(plugin.find(({ name }) => name === 'worker.mode'), { default: "'in-process'" })
  t.match(resource.find(({ name }) => name === 'throttle'), { default: 'null', description: /Planned: refused/ })
  t.match(plugin.find(({ name }) => name === 'orm'), { default: '' })
})

t.test('the defaults of the tables are those that are used', async (t) => {
  const options = resolveOptions({ orm: discover(entities), resources: { items: { entity: Item, path: '/items', bulkFields: ['status'] } } })
  const used: Record<string, unknown> = { ...options.resources.items }
  for (const { name, default: written } of optionTable().resource) {
    if (written !== '' && name !== 'bulkFields') t.equal(JSON.stringify(used[name]).replaceAll('"', "'"), written, name)
  }
})
