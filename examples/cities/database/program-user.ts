import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { FolderUnreachable } from '../errors.ts'

const execute = promisify(execFile)

/** As whom PostgreSQL's programs run. */
export interface ProgramUser {
  /** who its files must belong to, if that is not who we are */
  owner: { uid: number, gid: number } | undefined
  /** a command line to put before a program's own */
  through: string[]
}

/**
 * PostgreSQL refuses to run as root, which is what we are in most containers: then its programs run as `postgres`, where
 * the machine has that user, or as `nobody`. For anybody else they run as who we are.
 *
 * Folders under /root are closed to such a user; there `setpriv` (of util-linux) lets it through closed doors.
 */
export async function programUser (program: string, folder: string): Promise<ProgramUser> {
  if (process.getuid?.() !== 0) return { owner: undefined, through: [] }
  const user = await identity('postgres') ?? await identity('nobody')
  if (user === undefined) throw new FolderUnreachable('postgres', folder)
  const owner = { uid: user.uid, gid: user.gid }
  const closed = await closedFolderAbove(program) ?? await closedFolderAbove(folder)
  if (closed === undefined) return { owner, through: [] }

  const through = ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups',
    '--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--']
  const passes = await execute('setpriv', [...through.slice(1), program, '--version']).then(() => true, () => false)
  if (!passes) throw new FolderUnreachable(user.name, closed)
  return { owner, through }
}

async function identity (name: string): Promise<{ name: string, uid: number, gid: number } | undefined> {
  const number = async (flag: string): Promise<number> => Number((await execute('id', [flag, name])).stdout)
  try {
    return { name, uid: await number('-u'), gid: await number('-g') }
  } catch {
    return undefined
  }
}

/** The first folder on the way up that others may not pass. */
async function closedFolderAbove (path: string): Promise<string | undefined> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const mode = await stat(folder).then((found) => found.mode, () => 0o001)
    if ((mode & 0o001) === 0) return folder
    if (folder === dirname(folder)) return undefined
  }
}
