import type { DriverException } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'

const unnamed = 'a rule of the database refused the change'

/** The rule that refused, in the words of the comment on its constraint. */
export async function ruleOf (em: EntityManager, error: DriverException): Promise<string> {
  const { constraint } = error as DriverException & { constraint?: string }
  if (constraint === undefined) return unnamed
  const [row] = await em.getConnection().execute<Array<{ comment: string | null }>>(
    "select obj_description(oid, 'pg_constraint') as comment from pg_constraint where conname = ? limit 1", [constraint])
  return row?.comment ?? unnamed
}
