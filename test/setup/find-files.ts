import { existsSync, globSync, statSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { SetupError } from './setup-error.ts'

/** Longest first: a long file that starts late would run alone at the end. The order of the others does not matter. */
const longest = [
  'test/plugins/contract-lowest-fastify.test.ts',
  'test/queue/unresponsive-servers.test.ts',
  'test/app/cli/commands.test.ts',
  'test/queue/postgres.test.ts',
  'test/examples/cities/closed-folder.test.ts',
  'test/examples/cities/worker.test.ts',
  'test/execution/tasks/run-task.test.ts',
  'test/model/bulk-model.test.ts',
  'test/operations/cleanup/frozen-worker.test.ts',
  'test/execution/run/connection-losses.test.ts'
]

/** Tests that compare times run alone, in a run of their own. */
const benchmarks = 'test/benchmarks/'

/** The test files among some files and folders, or all but the benchmarks, from the root of the project. */
export function findTestFiles (root: string, paths: readonly string[]): string[] {
  const files = paths.length > 0
    ? paths.flatMap((path) => filesOf(root, path))
    : filesOf(root, 'test').filter((file) => !file.startsWith(benchmarks))
  return [...longest.filter((file) => files.includes(file)), ...files.filter((file) => !longest.includes(file))]
}

function filesOf (root: string, path: string): string[] {
  const full = resolve(root, path)
  if (!existsSync(full)) throw new SetupError(`${path} is neither a test file nor a folder of them`)
  if (!statSync(full).isDirectory()) return [relative(root, full)]
  return globSync(join(relative(root, full), '**/*.test.ts'), { cwd: root }).sort()
}
