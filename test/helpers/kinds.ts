import { Account, Kind, kinds, Place, Spot } from '../fixtures/kinds.ts'
import { openBulk, type Bulk } from './bulk.ts'
import type { TestScope } from './test-scope.ts'
import type { TestResource } from './engine.ts'

/** An engine with the resource `kinds`: two empty records with every kind of field, and records to refer to. */
export function openKinds (t: TestScope, rules: Partial<TestResource> = {}): Promise<Bulk> {
  return openBulk(t, {
    entities: kinds,
    before: `
      CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE DOMAIN zip_code AS varchar(5) CHECK (VALUE ~ '^[0-9]+$');
      CREATE SCHEMA field`,
    resources: { kinds: { entity: Kind, ...rules } },
    async seed (client, orm) {
      await client.query('INSERT INTO field."kind of ""field""" (id) VALUES (1), (2)')
      const em = orm.em.fork()
      em.create(Place, { id: 7 })
      em.create(Account, { id: 9007199254740993n })
      em.create(Spot, { row: 'A', number: 7 })
      await em.flush()
    }
  })
}

interface Expectations {
  same (found: unknown, wanted: unknown): unknown
  match (found: unknown, wanted: unknown): unknown
}

/** Embedded objects hold more than their own members. */
export function expectHeld (t: Expectations, value: unknown, held: unknown): void {
  if (isDocument(held) || (Array.isArray(held) && held.some(isDocument))) t.match(value, held)
  else t.same(value, held)
}

function isDocument (value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
