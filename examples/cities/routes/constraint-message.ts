import type { DriverException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'

const fallbackMessage = 'a rule of the database refused the change'

/** The message for a violated constraint: the comment on it in the database. */
export async function constraintMessage (em: EntityManager, error: DriverException): Promise<string> {
  const { constraint } = error as DriverException & { constraint?: string }
  if (constraint === undefined) return fallbackMessage
  const [row] = await em.getConnection().execute<Array<{ comment: string | null }>>(
    "select obj_description(oid, 'pg_constraint') as comment from pg_constraint where conname = ? limit 1", [constraint])
  return row?.comment ?? fallbackMessage
}
