import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { NoProgramUser } from '../errors.ts'

const execute = promisify(execFile)

/** The user under which PostgreSQL's programs run, where that is not the user of this process. */
export interface ProgramUser { uid: number, gid: number, name: string }

/**
 * PostgreSQL refuses to run as root, which is the user in most containers: then its programs run as the owner of the data
 * folder (a data folder can have no other user), for a new one as `postgres`, where the machine has that user, or as `nobody`.
 */
export async function programUser (folder: string): Promise<ProgramUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(folder).catch(() => undefined)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid, name: await nameOf(owner.uid) }
  const user = await identity('postgres') ?? await identity('nobody')
  if (user === undefined) throw new NoProgramUser()
  return user
}

async function identity (name: string): Promise<ProgramUser | undefined> {
  const number = async (flag: string): Promise<number> => Number((await execute('id', [flag, name])).stdout)
  try {
    return { name, uid: await number('-u'), gid: await number('-g') }
  } catch {
    return undefined
  }
}

async function nameOf (uid: number): Promise<string> {
  return await execute('id', ['-un', String(uid)]).then(({ stdout }) => stdout.trim(), () => String(uid))
}
