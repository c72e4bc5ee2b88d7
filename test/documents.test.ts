import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import packageJson from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('../', import.meta.url))
const documents = ['README.md', 'ARCHITECTURE.md', '.github/CONTRIBUTING.md', ...globSync('src/**/README.md', { cwd: root })]

const fileName = /`((?:schemas|src|plugins|openapi|examples|test|\.ci|\.github)\/[\w./-]*)`/g
const link = /\]\((?!https?:|#)([^)#]+)[^)]*\)/g
const script = /npm (?:run )?(start|test|dev|worker|cleanup|check|lint(?::\w+)?|docs|openapi|bench|types|build)\b/g

/** The files that a document names, as paths from the root: in code spans, and as links. */
function namedFiles (document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [
    ...[...text.matchAll(fileName)].map(([, name]) => name!),
    ...[...text.matchAll(link)].map(([, target]) => join(dirname(document), target!))
  ]
}

for (const document of documents) {
  t.test(`${document}: every file that it names exists`, async (t) => {
    t.same(namedFiles(document).filter((name) => !existsSync(join(root, name))), [])
  })

  t.test(`${document}: every npm script that it names exists`, async (t) => {
    const text = readFileSync(join(root, document), 'utf8')
    t.same([...text.matchAll(script)].map(([, name]) => name!).filter((name) => !(name in packageJson.scripts)), [])
  })
}

t.test('the guide names many files', async (t) => {
  t.ok(namedFiles('.github/CONTRIBUTING.md').length > 30)
})
