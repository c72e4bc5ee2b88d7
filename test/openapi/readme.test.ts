import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { readmeWithTables } from '../../openapi/readme.ts'
import { allCodes } from '../../src/errors.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

t.test('the tables of the README are those of the code', async (t) => {
  t.equal(readmeWithTables(readme), readme, 'stale? run npm run docs')
})

t.test('no code of the README is unknown', async (t) => {
  const known = new Set(allCodes())
  const section = readme.slice(readme.indexOf('## Errors'), readme.indexOf('## Testing'))
  const told = [...section.matchAll(/^\| (?:\d+ \| )?`(\w+)` \|/gm)].map(([, code]) => code!)
  t.ok(told.length > 40)
  t.same(told.filter((code) => !known.has(code)), [])
})

/** What the application of the reader has: the files that the code of the README imports beside the package. */
const applicationFiles = {
  'database.ts': `
    import type { MikroORM } from '@mikro-orm/postgresql'
    export { City } from '../examples/cities/entities/index.ts'
    export declare const orm: MikroORM`,
  'session.ts': `
    import type { FastifyRequest } from 'fastify'
    export declare function readSession (request: FastifyRequest): Promise<{ id: string, name: string, role: string } | null>`,
  'app.ts': `
    import type { FastifyInstance } from 'fastify'
    import type {} from '../plugins/index.ts'
    export declare const app: FastifyInstance`
}

t.test('the code of the README is whole: it compiles, and Node runs it without a compiler', async (t) => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const snippets = [...readme.matchAll(/```ts\n([^]*?)```/g)].map(([, code]) => code!)
  t.ok(snippets.length >= 4)
  for (const code of snippets) t.doesNotThrow(() => stripTypeScriptTypes(code), code)

  const files = new Map(Object.entries(applicationFiles).map(([name, code]) => [`${root}readme/${name}`, code]))
  const names = snippets.map((_, index) => `${root}readme/snippet-${index}.ts`)
  for (const [index, name] of names.entries()) files.set(name, snippets[index]!)
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config, ts.sys, root)
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, directoryExists } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name) ?? readFile(name)
  host.directoryExists = (name) => name === `${root}readme` || directoryExists!(name)
  const program = ts.createProgram({
    rootNames: names,
    // A reader may leave unused what the README shows.
    options: { ...options, noUnusedLocals: false, noUnusedParameters: false, paths: { 'fastify-powercrud-async': [`${root}plugins/index.ts`] } },
    host
  })
  const mistakes = names.flatMap((name) => ts.getPreEmitDiagnostics(program, program.getSourceFile(name)))
  t.same(mistakes.map(({ messageText, file }) => `${file?.text}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`), [])
})
