import { globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { wings } from './wings.ts'

type Graph = Map<string, string[]>

const root = fileURLToPath(new URL('..', import.meta.url))

/** The files that a file imports. Without `types` only those that it loads when it runs. */
function importsOf (file: string, text: string, { types }: { types: boolean }): string[] {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return []
    const isType = ts.isExportDeclaration(statement) ? statement.isTypeOnly : statement.importClause?.isTypeOnly === true
    const from = statement.moduleSpecifier
    if ((isType && !types) || from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('.')) return []
    return [join(dirname(file), from.text)]
  })
}

function graphOf (pattern: string, options: { types: boolean }): Graph {
  return new Map(globSync(pattern, { cwd: root }).map((file) => [file, importsOf(file, readFileSync(join(root, file), 'utf8'), options)]))
}

function findCycle (graph: Graph): string[] | undefined {
  const done = new Set<string>()
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of graph.get(file) ?? []) {
      const cycle = visit(next, [...path, file])
      if (cycle !== undefined) return cycle
    }
    done.add(file)
    return undefined
  }
  for (const file of graph.keys()) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

/** A graph of groups of files, such as folders: which group imports which other. */
function grouped (graph: Graph, groupOf: (file: string) => string): Graph {
  const groups: Graph = new Map()
  for (const [file, targets] of graph) {
    const group = groupOf(file)
    const others = targets.filter((target) => graph.has(target)).map(groupOf).filter((other) => other !== group)
    groups.set(group, [...groups.get(group) ?? [], ...others])
  }
  return groups
}

/** The wing of a file of src; `ground` for the files directly in src and for validation. */
function wingOf (file: string): string {
  const [, folder, ...rest] = file.split('/')
  return rest.length === 0 || folder === 'validation' ? 'ground' : folder!
}

function rankOf (wing: string): number {
  return wings.findIndex((row) => row.includes(wing))
}

/** Imports between wings that do not go down. */
function upwardImports (graph: Graph): string[] {
  return [...graph].flatMap(([file, targets]) => targets
    .filter((target) => graph.has(target) && wingOf(target) !== wingOf(file) && rankOf(wingOf(target)) >= rankOf(wingOf(file)))
    .map((target) => `${file} → ${target}`))
}

t.test('no file of the project loads itself through others', async (t) => {
  const graph = graphOf('{schemas,src,plugins,openapi,examples,test}/**/*.ts', { types: false })
  t.ok(graph.get(relative(root, fileURLToPath(import.meta.url))), 'this file is among those checked')
  for (const [file, loaded] of graph) {
    for (const target of loaded) if (!graph.has(target) && target.endsWith('.ts')) t.fail(`${file} imports ${target}, which does not exist`)
  }
  t.equal(findCycle(graph)?.join(' → '), undefined)
})

t.test('finds cycles of every kind of import', async (t) => {
  const graphOfTexts = (texts: Record<string, string>): Graph =>
    new Map(Object.entries(texts).map(([file, text]) => [file, importsOf(file, text, { types: false })]))
  const texts = {
    'src/a.ts': "import { b } from './b.ts'\nimport './side.ts'",
    'src/b.ts': "export * from './deep/c.ts'",
    'src/deep/c.ts': "import { type A, a } from '../a.ts'",
    'src/side.ts': ''
  }
  t.same(findCycle(graphOfTexts(texts)), ['src/a.ts', 'src/b.ts', 'src/deep/c.ts', 'src/a.ts'])
  const typesOnly = { ...texts, 'src/deep/c.ts': "import type { A } from '../a.ts'\nexport type { B } from '../b.ts'" }
  t.equal(findCycle(graphOfTexts(typesOnly)), undefined)
})

t.test('the wings of src import one way, types included', async (t) => {
  const graph = graphOf('src/**/*.ts', { types: true })
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  t.same(folders.filter((name) => name !== 'validation').sort(), wings.flat().sort(), 'each folder of src is a wing with a place in the order')
  t.same(upwardImports(graph), [])

  t.same(upwardImports(new Map([
    ['src/errors.ts', []],
    ['src/live/redis.ts', ['src/queue/producer.ts', 'src/errors.ts']],
    ['src/queue/producer.ts', []],
    ['src/engine/engine.ts', ['src/jobs/store/claims.ts', 'src/live/redis.ts']],
    ['src/jobs/store/claims.ts', ['src/engine/engine.ts']]
  ])), ['src/live/redis.ts → src/queue/producer.ts', 'src/engine/engine.ts → src/jobs/store/claims.ts'], 'finds imports that go up or sideways')
})

t.test('no folders of a wing import each other in a circle, types included', async (t) => {
  const rooms = grouped(graphOf('src/**/*.ts', { types: true }), dirname)
  t.equal(findCycle(rooms)?.join(' → '), undefined)
})
