import t from 'tap'
import { Item } from '../../fixtures/entities.ts'
import { seedItems } from '../../fixtures/orm.ts'
import { openBulk } from '../../helpers/bulk.ts'

const total = 3_000

t.test('where one record in ten fails, slices become small: the work stays within four times that of good records', async (t) => {
  const { perform, rows } = await openBulk(t, {
    resources: { items: { entity: Item } },
    async seed (client, orm) {
      await seedItems(orm, total)
      // What is rolled back was work all the same: a sequence counts it.
      await client.query(`
        CREATE SEQUENCE tried;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          PERFORM nextval('tried');
          IF hashint4(old.id) % 10 = 0 THEN RAISE '% is bad', old.id; END IF;
          RETURN new;
        END $$;
        CREATE TRIGGER refuse BEFORE UPDATE ON item FOR EACH ROW EXECUTE FUNCTION refuse()`)
    }
  })
  const [bad] = await rows<{ count: number }>('SELECT count(*)::int AS count FROM item WHERE hashint4(id) % 10 = 0')
  const startedAtMs = performance.now()
  const done = await perform('items', { selection: { all: true }, set: { status: 'done' }, onError: 'continue' })
  t.match(done, { status: 'completed_with_errors', succeeded: total - bad!.count, failed: bad!.count })
  const [tried] = await rows<{ count: number }>('SELECT last_value::int AS count FROM tried')
  t.ok(tried!.count < 4 * total, `${tried!.count} records were tried, in ${Math.round(performance.now() - startedAtMs)} ms`)
})
