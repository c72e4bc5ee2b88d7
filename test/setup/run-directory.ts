import { chmod, mkdtemp, readdir, readFile, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * A new folder of its own for one server, inside the folder of this test run if there is one, so that the runner finds
 * the servers of killed test files at the end.
 */
export async function serverDirectory (kind: 'postgres' | 'redis'): Promise<string> {
  return await mkdtemp(join(process.env.TEST_RUN_DIRECTORY ?? tmpdir(), `powercrud-${kind}-`))
}

/** The data folder of PostgreSQL in the folder of its server. */
export const postgresData = (directory: string): string => join(directory, 'data')

/** The data folder that is copied for each server of this run, if there is a run. */
export const preparedData = (): string | undefined => process.env.TEST_RUN_DIRECTORY && join(process.env.TEST_RUN_DIRECTORY, 'prepared')

/** More than the databases and servers of a run ever use at once. */
const neededBytes = 4 * 2 ** 30

/** The folder of one test run. PostgreSQL runs under another user when we are root, so others may walk through it. */
export async function createRunDirectory (): Promise<string> {
  const directory = await mkdtemp(join(await parentDirectory(), 'powercrud-run-'))
  await chmod(directory, 0o755)
  return directory
}

/**
 * In memory if there is enough, since each test has a database of its own: several hundred files that are copied and soon
 * deleted. That takes ten milliseconds of CPU in memory, and up to half a second on a disk (ext4).
 */
export async function parentDirectory (memory = '/dev/shm'): Promise<string> {
  if (process.env.TMPDIR || process.availableMemory() < neededBytes) return tmpdir()
  const freeBytes = await statfs(memory).then(({ bavail, bsize }) => bavail * bsize, () => 0)
  return freeBytes < neededBytes ? tmpdir() : memory
}

/** Stops the servers that still run in the folder of a run, and removes the folder if it exists. */
export async function removeRunDirectory (directory: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    for (const pidFile of ['data/postmaster.pid', 'redis.pid']) await killByPidFile(join(directory, name, pidFile))
  }
  // PostgreSQL's processes need a moment to end and may still write, hence the retries.
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
}

/** Both servers remove their pid file on a clean exit, so an existing one names a running server. */
async function killByPidFile (pidFile: string): Promise<void> {
  const pid = await readFile(pidFile, 'utf8').then((text) => Number.parseInt(text), () => NaN)
  if (Number.isNaN(pid)) return
  try {
    // SIGQUIT is PostgreSQL's immediate shutdown, children included; after SIGKILL they would keep running for a while.
    process.kill(pid, pidFile.endsWith('postmaster.pid') ? 'SIGQUIT' : 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
