import Fastify from 'fastify'
import t from 'tap'
import { LockMode } from '@mikro-orm/core'
import { IsolationLevel, type EntityManager } from '@mikro-orm/postgresql'
import { assertUnlocked, requireUnlocked } from '../../../plugins/index.ts'
import { launchBulk } from '../../../src/operations/launch/launch-bulk.ts'
import { findRecordHolders } from '../../../src/jobs/locks/record-holders.ts'
import { Account, Country, Item, Label, Ledger, Seat } from '../../fixtures/entities.ts'
import { openBulk } from '../../helpers/bulk.ts'
import { bulkLaunch, work } from '../../helpers/engine.ts'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'

const account = '0199a3a8-5b1c-7000-8000-000000000001'

async function open (t: TestScope) {
  const bulk = await openBulk(t, {
    resources: {
      items: { entity: Item }, accounts: { entity: Account }, countries: { entity: Country }, seats: { entity: Seat }, ledgers: { entity: Ledger }
    },
    seed: async (client) => {
      await client.query(`
        INSERT INTO item (id, name) SELECT n, 'item ' || n FROM generate_series(1, 10) n;
        INSERT INTO account (id, name) VALUES ('${account}', 'ada');
        INSERT INTO country (code, name) VALUES ('IT', 'Italy'), ('it', 'lower case');
        INSERT INTO seat ("row", number) VALUES ('A', 7), ('A', 8);
        INSERT INTO ledger (id, note) VALUES (9007199254740993, 'above 2^53')`)
    }
  })
  const { engine } = bulk
  return {
    ...bulk,
    em: bulk.orm.em.fork() as EntityManager,
    launch: async (resource: string, ids: (number | string | { [part: string]: number | string })[]) =>
      (await launchBulk(engine, bulkLaunch(engine, resource, { selection: { ids }, runInRequest: 'never' }))).job
  }
}

t.test('a record is locked as long as its job lives, and its neighbours are not', async (t) => {
  const { engine, launch } = await open(t)
  const job = await launch('items', [3, 5])
  await t.rejects(assertUnlocked(Item, 3), { code: 'records_locked', statusCode: 409, conflictCount: 1, conflicts: [{ id: 3, jobId: job.id, operation: 'delete' }] })
  await t.rejects(assertUnlocked('Item', '5'), { code: 'records_locked' })
  await t.rejects(assertUnlocked('items', [1, 3, 5]), { code: 'records_locked', conflictCount: 2 })
  for (const id of [1, 4, 6]) await assertUnlocked(Item, id)
  await assertUnlocked(Label, 3)

  t.match(await findRecordHolders(engine, Item, [5, 4, 3]), [{ id: 3, jobId: job.id, createdBy: null }, { id: 5 }])
  await work(engine, job)
  await assertUnlocked(Item, [3, 5])
  t.same(await findRecordHolders(engine, Item, [3, 5]), [])
})

t.test('keys of every kind, in every form that code has at hand', async (t) => {
  const { em, launch } = await open(t)
  await launch('accounts', [account])
  await launch('countries', ['IT'])
  await launch('seats', [{ row: 'A', number: 7 }])
  await launch('ledgers', ['9007199254740993'])
  const locked = { code: 'records_locked' }

  await t.rejects(assertUnlocked(Account, account.toUpperCase()), locked)
  await t.rejects(assertUnlocked(Account, await em.findOneOrFail(Account, account)), locked)
  await t.rejects(assertUnlocked(Country, 'IT'), locked)
  await assertUnlocked(Country, 'it')
  await t.rejects(assertUnlocked(Seat, { row: 'A', number: 7 }), locked)
  await t.rejects(assertUnlocked(Seat, ['A', 7]), locked)
  await t.rejects(assertUnlocked(Seat, [['A', 8], ['A', 7]]), { code: 'records_locked', conflictCount: 1 })
  await t.rejects(assertUnlocked(Seat, em.getReference(Seat, ['A', 7])), locked)
  await assertUnlocked(Seat, ['A', 8])
  await t.rejects(assertUnlocked(Ledger, 9007199254740993n), locked)
  await assertUnlocked(Ledger, 9007199254740992n)
})

t.test('what is no key, and what is no entity, is told', async (t) => {
  const { launch } = await open(t)
  await launch('items', [3])
  await t.rejects(assertUnlocked(Item, 'three'), { code: 'validation_failed', message: 'three is no key of Item' })
  await t.rejects(assertUnlocked(Item, Number.NaN), { code: 'validation_failed' })
  for (const id of ['2147483648', -2147483649]) await t.rejects(assertUnlocked(Item, id), { code: 'validation_failed' }, `${id} is in no int4`)
  await t.rejects(assertUnlocked(Ledger, '9223372036854775808'), { code: 'validation_failed' })
  await t.rejects(assertUnlocked(Seat, { row: 'A', number: 'seven' }), { code: 'validation_failed' })
  await t.rejects(assertUnlocked(Account, 'no-uuid'), { code: 'validation_failed' })
  await t.rejects(assertUnlocked(Seat, { row: 'A' }), { code: 'validation_failed', message: /number is missing/ })
  await t.rejects(assertUnlocked('itms', 3), { code: 'invalid_options' })
  await t.rejects(assertUnlocked(undefined as never, 3), { code: 'invalid_options' })
  const circle: { self?: object } = {}
  circle.self = circle
  for (const key of [circle, 2 ** 31, -(2 ** 31) - 1, '99999999999', 1.5]) await t.rejects(assertUnlocked(Item, key), { code: 'validation_failed' })
  for (const key of ['nul \0', '\ud800']) await t.rejects(assertUnlocked(Country, key), { code: 'validation_failed' })
  // A number of that size was rounded on its way: it may be another record's.
  for (const key of [2 ** 60, '9223372036854775808', 2n ** 63n]) await t.rejects(assertUnlocked(Ledger, key), { code: 'validation_failed' })
  await assertUnlocked(Ledger, 2n ** 63n - 1n)
  // Of a composite key each part counts: a lock on what cannot be there would be none.
  for (const key of [{ row: 'A', number: 'seven' }, { row: 'A', number: 7.5 }, { row: 'A', number: 99_999_999_999 }, { row: 'nul \0', number: 7 }, [['A', 7, 8]]]) {
    await t.rejects(assertUnlocked(Seat, key), { code: 'validation_failed' }, JSON.stringify(key))
  }
})

for (const isolationLevel of [IsolationLevel.READ_COMMITTED, IsolationLevel.REPEATABLE_READ]) {
  t.test(`${isolationLevel}: what was asserted in a transaction is true until its COMMIT: a launch waits for it`, async (t) => {
    const { em, launch, rows } = await open(t)
    let launching: Promise<unknown> = Promise.resolve()
    await em.transactional(async (transaction) => {
      const item = await transaction.findOneOrFail(Item, 3)
      await assertUnlocked(Item, 3)
      launching = launch('items', [3])
      await until(async () => (await rows(`
        SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND mode = 'ExclusiveLock'
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`)).length > 0)
      item.name = 'by hand'
      await transaction.flush()
      t.same(await rows('SELECT 1 FROM powercrud.job'), [])
    }, { isolationLevel })
    await launching
    await t.rejects(assertUnlocked(Item, 3), { code: 'records_locked' })
  })

  t.test(`${isolationLevel}: a job that was launched after the transaction began is seen`, async (t) => {
    const { em, launch } = await open(t)
    await em.transactional(async (transaction) => {
      await transaction.findOneOrFail(Item, 1)
      await launch('items', [3])
      await t.rejects(assertUnlocked(Item, 3, transaction), { code: 'records_locked' })
    }, { isolationLevel })
  })
}

t.test('two who edit by hand are not in each other\'s way', async (t) => {
  const { orm } = await open(t)
  const one = orm.em.fork() as EntityManager
  await one.transactional(async (transaction) => {
    await assertUnlocked(Item, 3, transaction)
    const other = orm.em.fork() as EntityManager
    await other.begin()
    await assertUnlocked(Item, 3, other)
    await other.findOneOrFail(Item, 3, { lockMode: LockMode.PESSIMISTIC_WRITE })
    await other.commit()
  })
})

t.test('a route that writes one record answers 409 before it begins', async (t) => {
  const { launch } = await open(t)
  const app = Fastify()
  t.teardown(() => app.close())
  app.patch('/items/:id', { preHandler: requireUnlocked(Item) }, async () => 'done')
  app.patch('/seats/:row/:number', { preHandler: requireUnlocked(Seat, ({ params }) => params) }, async () => 'done')
  await launch('items', [3])
  await launch('seats', [{ row: 'A', number: 7 }])
  const answers = await Promise.all(['/items/3', '/items/4', '/seats/A/7', '/seats/A/8'].map((url) => app.inject({ method: 'PATCH', url })))
  t.same(answers.map(({ statusCode }) => statusCode), [409, 200, 409, 200])
  t.match(answers[0]!.json(), { code: 'records_locked' })
})
