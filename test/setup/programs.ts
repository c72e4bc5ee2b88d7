import { existsSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { runCommand } from './commands.ts'
import { SetupError } from './setup-error.ts'

interface Program {
  /** Its possible names on the PATH. */
  names: string[]
  /** Debian's package. */
  debianPackage: string
  purpose: string
}

const redis: Program = { names: ['redis-server'], debianPackage: 'redis-server', purpose: 'the tests with Redis' }
const chromium: Program = { names: ['chromium', 'chromium-browser', 'google-chrome'], debianPackage: 'chromium', purpose: 'the tests of the pages' }

/**
 * Ensures that the programs that do not come from npm are installed: installs them as root on Debian, otherwise fails with
 * the names of the packages. Resolves to the path of the browser.
 */
export async function requirePrograms (): Promise<{ chromium: string }> {
  const missing = await missingPrograms()
  if (missing.length > 0 && await canInstall()) await install(missing)
  const stillMissing = await missingPrograms()
  if (stillMissing.length > 0) {
    throw new SetupError([
      'Not found on the PATH:',
      ...stillMissing.map(({ names, purpose }) => `  ${names.join(' or ')} (for ${purpose})`),
      `Install it; on Debian: apt-get install ${stillMissing.map(({ debianPackage }) => debianPackage).join(' ')}`
    ].join('\n'))
  }
  return { chromium: await find(chromium) as string }
}

async function missingPrograms (): Promise<Program[]> {
  const missing: Program[] = []
  for (const program of [redis, chromium]) if (await find(program) === undefined) missing.push(program)
  return missing
}

async function find ({ names }: Program): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder, name)
      if (await isProgram(path)) return path
    }
  }
  return undefined
}

async function canInstall (): Promise<boolean> {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && await find({ names: ['apt-get'], debianPackage: 'apt', purpose: '' }) !== undefined
}

async function install (programs: Program[]): Promise<void> {
  const packages = programs.map(({ debianPackage }) => debianPackage)
  console.error(`Installing ${packages.join(' and ')} with apt-get …`)
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, verbose: true }
  await runCommand('apt-get', ['update'], options)
  await runCommand('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], options)
}

async function isProgram (path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(async () => (await stat(path)).isFile(), () => false)
}
