import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'

type Graph = Map<string, string[]>

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * The files that a file loads when it runs. Types are erased, so what is imported only as a type makes no cycle: two
 * files may know each other's shapes. (The direction between the folders holds for types too; eslint.config.js sees to it.)
 */
function loadedFiles (file: string, text: string): string[] {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return []
    const isType = ts.isExportDeclaration(statement) ? statement.isTypeOnly : statement.importClause?.isTypeOnly === true
    const from = statement.moduleSpecifier
    if (isType || from === undefined || !ts.isStringLiteral(from) || !from.text.startsWith('.')) return []
    return [join(dirname(file), from.text)]
  })
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

t.test('no file of the project loads itself by way of others', async (t) => {
  const files = globSync('{schemas,src,plugins,openapi,examples,test}/**/*.ts', { cwd: root })
  const graph: Graph = new Map(files.map((file) => [file, loadedFiles(file, readFileSync(join(root, file), 'utf8'))]))
  t.ok(graph.get(relative(root, fileURLToPath(import.meta.url))), 'this file is among those looked at')
  for (const [file, loaded] of graph) {
    for (const target of loaded) if (!graph.has(target) && target.endsWith('.ts')) t.fail(`${file} imports ${target}, which is not there`)
  }
  t.equal(findCycle(graph)?.join(' → '), undefined)
})

t.test('a cycle is found, whichever kind of import makes it', async (t) => {
  const graph: Graph = new Map(Object.entries({
    'src/a.ts': "import { b } from './b.ts'\nimport './side.ts'",
    'src/b.ts': "export * from './deep/c.ts'",
    'src/deep/c.ts': "import { type A, a } from '../a.ts'",
    'src/side.ts': ''
  }).map(([file, text]) => [file, loadedFiles(file, text)]))
  t.same(findCycle(graph), ['src/a.ts', 'src/b.ts', 'src/deep/c.ts', 'src/a.ts'])

  graph.set('src/deep/c.ts', loadedFiles('src/deep/c.ts', "import type { A } from '../a.ts'\nexport type { B } from '../b.ts'"))
  t.equal(findCycle(graph), undefined)
})

t.test('the command line stands on the rest of src, and nothing there on it but the worker that is one', async (t) => {
  const files = globSync('{src,plugins}/**/*.ts', { cwd: root }).filter((file) => !file.startsWith('src/cli/') && file !== 'src/worker/index.ts')
  t.same(files.filter((file) => loadedFiles(file, readFileSync(join(root, file), 'utf8')).some((target) => target.startsWith('src/cli/'))), [])
})
