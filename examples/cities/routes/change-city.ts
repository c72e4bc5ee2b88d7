import { CheckConstraintViolationException, LockMode } from '@mikro-orm/core'
import type { EntityManager } from '@mikro-orm/postgresql'
import { assertUnlocked } from '../../../plugins/index.ts'
import { City, Country, Tag } from '../entities/index.ts'
import { CityNotFound, ReferenceNotFound, RuleRefused } from '../errors.ts'
import type { CityPatch } from '../schemas/index.ts'
import { constraintMessage } from './constraint-message.ts'

/**
 * Changes one city in its own transaction and returns it as committed, with its tags.
 * @throws records_locked while a bulk job has locked it
 */
export async function changeCity (em: EntityManager, id: number, patch: CityPatch): Promise<City> {
  try {
    return await em.transactional(async (transaction) => {
      await assertUnlocked(City, id, transaction)
      const city = await transaction.findOne(City, id, { populate: ['tags'], lockMode: LockMode.PESSIMISTIC_WRITE })
      if (city === null) throw new CityNotFound(id)
      await applyPatch(transaction, city, patch)
      await transaction.flush()
      return city
    })
  } catch (error) {
    if (error instanceof CheckConstraintViolationException) throw new RuleRefused(await constraintMessage(em, error))
    throw error
  }
}

async function applyPatch (em: EntityManager, city: City, { country, tags, reviewedAt, ...scalars }: CityPatch): Promise<void> {
  em.assign(city, scalars)
  if (reviewedAt !== undefined) city.reviewedAt = reviewedAt === null ? null : new Date(reviewedAt)
  if (country !== undefined) {
    if (await em.findOne(Country, country) === null) throw new ReferenceNotFound('country', country)
    city.country = em.getReference(Country, country, { wrapped: true })
  }
  if (tags !== undefined) {
    const found = await em.find(Tag, { id: { $in: tags } })
    const missing = tags.find((tag) => !found.some(({ id }) => id === tag))
    if (missing !== undefined) throw new ReferenceNotFound('tag', String(missing))
    city.tags.set(found)
  }
}
