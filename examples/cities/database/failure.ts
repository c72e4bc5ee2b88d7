import { DataUnusable, DiskFull, FolderUnusable, PostgresFailed, RootRestricted, SharedMemoryFull } from '../errors.ts'
import type { Postgres } from './postgres.ts'
import type { ProgramName } from './postgres-programs.ts'

const full = /No space left on device|Disk quota exceeded/

/** The error of a program that failed, by what it printed. */
export function failureOf ({ placeVariable }: Postgres, name: ProgramName, folder: string, said: {
  output: string, logFile: string, diskIsFull: boolean
}): Error {
  const lines = said.output.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  const fullLine = lines.find((line) => full.test(line))
  if (fullLine !== undefined && /shared memory/.test(fullLine)) return new SharedMemoryFull()
  if (fullLine !== undefined || said.diskIsFull) return new DiskFull(folder, placeVariable)
  // The first line is the cause; those after it say that the program ends.
  const cause = lines.find((line) => /FATAL|PANIC|error:/.test(line)) ?? lines.at(-1) ?? 'without a message'
  const text = cause.replace(/^.*?(FATAL|PANIC|error):\s*/, '')
  return name === 'initdb' ? new PostgresFailed(text, said.logFile, placeVariable) : new DataUnusable(folder, text, said.logFile, placeVariable)
}

/** The error of a file operation in a folder that ought to be ours, as a sentence; any other error as it is. */
export function fileFailure (error: unknown, folder: string, placeVariable: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException
  if (['ENOSPC', 'EDQUOT'].includes(code)) return new DiskFull(folder, placeVariable)
  if (process.getuid?.() === 0 && ['EACCES', 'EPERM'].includes(code)) return new RootRestricted(message)
  if (['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP'].includes(code)) return new FolderUnusable(folder, message, placeVariable)
  return error
}
