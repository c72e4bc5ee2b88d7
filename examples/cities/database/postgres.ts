import { installedPrograms, type PostgresPrograms } from './postgres-programs.ts'
import { programUser, type ProgramUser } from './program-user.ts'
import { reachablePrograms } from './reachable-programs.ts'

/** What a PostgreSQL server is started with. */
export interface Postgres {
  programs: PostgresPrograms
  /** who runs them, if that is not the user of this process */
  user: ProgramUser | undefined
  /** the variable of the environment with which the place of its files can be changed, for messages */
  placeVariable: string
}

/** The installed PostgreSQL, so that it can run on this data folder, whether that exists or not. */
export async function postgresFor (folder: string, placeVariable: string): Promise<Postgres> {
  const installed = await installedPrograms()
  const user = await programUser(folder)
  return { programs: user === undefined ? installed : await reachablePrograms(installed, user), user, placeVariable }
}
