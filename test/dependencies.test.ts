import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

const root = fileURLToPath(new URL('../', import.meta.url))
const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))

const imported = new Set(globSync('{schemas,src,plugins,openapi}/**/*.ts', { cwd: root })
  .flatMap((file) => ts.preProcessFile(readFileSync(`${root}${file}`, 'utf8')).importedFiles)
  .map(({ fileName }) => /^(@[^/]+\/[^/]+|[^./][^/]*)/.exec(fileName)?.[1])
  .filter((name): name is string => name !== undefined && !name.startsWith('node:')))

t.test('every package that the published code or its declarations import is declared', async (t) => {
  t.ok(imported.has('bullmq'))
  t.same([...imported].filter((name) => !(name in dependencies || name in peerDependencies)), [])
})

t.test('every dependency is imported', async (t) => {
  const typesOf = Object.keys(dependencies).filter((name) => imported.has(name.replace('@types/', '')))
  t.same(Object.keys(dependencies).filter((name) => !imported.has(name) && !typesOf.includes(name)), [])
})

t.test('every required peer is imported', async (t) => {
  const required = Object.keys(peerDependencies).filter((name) => peerDependenciesMeta[name]?.optional !== true)
  t.same(required, ['@mikro-orm/core', '@mikro-orm/postgresql', 'fastify'])
  t.same(required.filter((name) => !imported.has(name)), [])
})
