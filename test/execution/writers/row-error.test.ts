import { defineEntity, p } from '@mikro-orm/core'
import t from 'tap'
import { openBulk, type Bulk } from '../../helpers/bulk.ts'
import type { TestScope } from '../../helpers/test-scope.ts'

const Team = defineEntity({ name: 'Team', properties: { id: p.integer().primary(), name: p.string() } })
const Member = defineEntity({
  name: 'Member',
  properties: {
    id: p.integer().primary(),
    email: p.string().nullable().fieldName('mail_address'),
    nick: p.string().nullable(),
    age: p.integer().nullable(),
    note: p.string().length(40).nullable(),
    score: p.decimal().precision(4).scale(1).nullable(),
    seat: p.integer().nullable(),
    boss: () => p.manyToOne(Team).nullable(),
    team: () => p.manyToOne(Team).nullable().deleteRule('no action')
  }
})

const constraints = `
  ALTER TABLE member ADD CONSTRAINT member_mail_key UNIQUE (mail_address);
  CREATE UNIQUE INDEX member_nick_index ON member (lower(nick), nick);
  COMMENT ON INDEX member_nick_index IS 'this nick is taken';
  ALTER TABLE member ADD CONSTRAINT age_rule CHECK (age >= 18 OR id <> 5);
  COMMENT ON CONSTRAINT age_rule ON member IS 'members must be of age';
  ALTER TABLE member ADD CONSTRAINT member_score_check CHECK (score < 900);
  ALTER TABLE member ADD CONSTRAINT one_seat EXCLUDE USING btree (seat WITH =);
  ALTER TABLE member ADD CONSTRAINT nick_needs_note CHECK (nick IS NULL OR note IS NOT NULL);
  COMMENT ON CONSTRAINT member_team_id_foreign ON member IS 'a team that has members stays';
  -- Another table, another constraint of the same name: its comment is about something else.
  CREATE TABLE other (age int, CONSTRAINT age_rule CHECK (age > 0));
  COMMENT ON CONSTRAINT age_rule ON other IS 'this is not about members';
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF new.note = 'plain' THEN RAISE EXCEPTION 'member % cannot have this note', new.id; END IF;
    IF new.note = 'named' THEN RAISE EXCEPTION 'not on a Sunday' USING ERRCODE = 'check_violation', COLUMN = 'note', TABLE = 'member', SCHEMA = 'public'; END IF;
    IF new.note = 'own' THEN RAISE EXCEPTION 'a state of our own' USING ERRCODE = 'ZZ123'; END IF;
    IF new.note = 'zero' THEN new.age := 1 / 0; END IF;
    IF new.note = 'long' THEN new.note := repeat('x', 41); END IF;
    IF new.note = 'null' THEN new.id := NULL; END IF;
    RETURN new;
  END $$;
  CREATE TRIGGER refuse BEFORE UPDATE ON member FOR EACH ROW EXECUTE FUNCTION refuse();`

function openMembers (t: TestScope) {
  return openBulk(t, {
    entities: [Team, Member],
    resources: {
      members: { entity: Member, constraintMessages: { member_score_check: 'scores end at 900' } },
      teams: { entity: Team }
    },
    async seed (client) {
      await client.query("INSERT INTO team SELECT n, 'team ' || n FROM generate_series(1, 3) n")
      await client.query(`
        INSERT INTO member (id, mail_address, age, note, seat, score, team_id)
        SELECT n, 'm' || n || '@example.org', 20, 'x', n, n, 1 FROM generate_series(1, 9) n`)
      await client.query(constraints)
    }
  })
}

const bulk = await openMembers(t)

async function refused ({ perform, unwritten }: Bulk, resource: string, launch: Parameters<Bulk['perform']>[1]) {
  const job = await perform(resource, { onError: 'continue', ...launch })
  return (await unwritten(job)).filter(({ outcome }) => outcome === 'failed')
}

t.test('what the database refuses is reported with code, field and message', async (t) => {
  const cases: [name: string, set: Record<string, unknown>, expected: object][] = [
    ['unique', { email: 'm3@example.org' }, { code: 'unique_violation', field: 'email', message: 'another record has this value already' }],
    ['unique index with a comment', { nick: 'ada' }, { code: 'unique_violation', field: 'nick', message: 'this nick is taken' }],
    ['check with a comment', { age: 3 }, { code: 'check_violation', field: 'age', message: 'members must be of age' }],
    ['check with a message of the resource', { score: '950.0' }, { code: 'check_violation', field: 'score', message: 'scores end at 900' }],
    ['check over two columns, both written', { note: null, nick: 'x' }, { code: 'check_violation', message: 'a check of the database refused the value' }],
    ['exclusion', { seat: 3 }, { code: 'exclusion_violation', field: 'seat', message: 'the value collides with that of another record' }],
    ['trigger', { note: 'plain' }, { code: 'raised_by_trigger', message: 'member 1 cannot have this note' }],
    ['trigger that names code and column', { note: 'named' }, { code: 'check_violation', field: 'note', message: 'not on a Sunday' }],
    ['trigger with a state of its own', { note: 'own' }, { code: 'raised_by_trigger', message: 'a state of our own' }],
    ['error inside a trigger', { note: 'zero' }, { code: 'check_violation', message: 'a check of the database refused the value' }],
    ['too long', { note: 'long' }, { code: 'value_too_long', field: 'note', message: 'the value is too long for its column' }],
    ['not null', { note: 'null' }, { code: 'not_null_violation', field: 'id', message: 'the value must not be null' }],
    ['out of range', { score: '99999' }, { code: 'out_of_range', field: 'score', message: 'the value is out of the range of its column' }]
  ]
  for (const [name, set, expected] of cases) {
    await t.test(name, async (t) => {
      const [first] = await refused(bulk, 'members', { selection: { filter: { id: { lte: 5 } } }, set })
      t.match(first, expected)
      t.equal(first !== undefined && 'field' in first ? first.field : undefined, (expected as { field?: string }).field)
    })
  }
})

t.test('a reference to a record that was deleted since the launch is reported by its property', async (t) => {
  await bulk.rows(`
    INSERT INTO team VALUES (77, 'about to go');
    CREATE FUNCTION remove_team() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM team WHERE id = 77; RETURN NULL; END $$;
    CREATE TRIGGER remove_team AFTER INSERT ON powercrud.job FOR EACH STATEMENT EXECUTE FUNCTION remove_team()`)
  t.teardown(() => bulk.rows('DROP TRIGGER remove_team ON powercrud.job'))
  const refusals = await refused(bulk, 'members', { selection: { ids: [1] }, set: { boss: 77 } })
  t.match(refusals, [{ key: '1', code: 'foreign_key_violation', field: 'boss', message: 'other records refer to this one, or it would refer to none' }])
})

t.test('a record that others refer to cannot be deleted: the words are those of the table that refers', async (t) => {
  const refusals = await refused(bulk, 'teams', { selection: { all: true } })
  t.same(refusals, [{ key: '1', outcome: 'failed', code: 'foreign_key_violation', message: 'a team that has members stays' }])
  t.same(await bulk.rows('SELECT id FROM team'), [{ id: 1 }])
  await bulk.rows("INSERT INTO team VALUES (2, 'two'), (3, 'three')")
})

t.test('a constraint of a partition has the comment of that of the whole table', async (t) => {
  const teams = await openBulk(t, {
    entities: [Team],
    resources: { teams: { entity: Team } },
    async seed (client) {
      await client.query(`
        DROP TABLE team;
        CREATE TABLE team (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
        CREATE TABLE team_low PARTITION OF team FOR VALUES FROM (0) TO (100);
        ALTER TABLE team ADD CONSTRAINT no_zero CHECK (name <> 'zero');
        COMMENT ON CONSTRAINT no_zero ON team IS 'a team has members';
        INSERT INTO team VALUES (1, 'one'), (2, 'two')`)
    }
  })
  t.match(await refused(teams, 'teams', { selection: { all: true }, set: { name: 'zero' } }),
    [{ key: '1', message: 'a team has members' }, { key: '2', message: 'a team has members' }])
})

t.test('a view that refuses the row is a check', async (t) => {
  await bulk.rows(`
    CREATE VIEW adult AS SELECT * FROM member WHERE age >= 18 WITH CHECK OPTION;
    ALTER TABLE member RENAME TO person; ALTER VIEW adult RENAME TO member;`)
  t.match(await refused(bulk, 'members', { selection: { ids: [8] }, set: { age: 3 } }), [{ key: '8', code: 'check_violation' }])
})
