import type { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import { readLands, readPlaces, type Place } from './places.ts'
import { firstTags } from './tags.ts'

/** Any number will do, as long as every server that might load takes the same. */
const loadLock = 7_306_574_002

const rowsPerStatement = 20_000

/** Said to people when the database refuses, so it is a sentence. */
const capitalRule = 'The capital of a country cannot be archived.'

/**
 * Makes the tables and fills them, where that has not been done. It is one transaction: whoever is killed in between
 * leaves nothing behind, and the next start does it again from the beginning.
 *
 * @returns whether there was something to load
 */
export async function loadWorld (url: string, orm: MikroORM): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [loadLock])
    await createTables(client, orm)
    const empty = await isEmpty(client)
    if (empty) await fillTables(client)
    await client.query('commit')
    if (empty) await client.query('vacuum (analyze) city, city_tags, country, tag')
    return empty
  } finally {
    await client.end()
  }
}

async function createTables (client: pg.Client, orm: MikroORM): Promise<void> {
  const { rows } = await client.query<{ there: boolean }>("select to_regclass('city') is not null as there")
  if (rows[0]?.there === true) return
  await client.query(await orm.schema.getCreateSchemaSQL())
  await client.query(`comment on constraint city_capital_not_archived on city is '${capitalRule}'`)
}

/** Countries are what people cannot delete here; cities may all be gone, and then that is what was wanted. */
async function isEmpty (client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ empty: boolean }>('select not exists (select from country) as empty')
  return rows[0]?.empty === true
}

async function fillTables (client: pg.Client): Promise<void> {
  const places = readPlaces()
  await insertCountries(client)
  for (let start = 0; start < places.length; start += rowsPerStatement) {
    await insertCities(client, places.slice(start, start + rowsPerStatement))
  }
  await insertTags(client, places)
}

async function insertCountries (client: pg.Client): Promise<void> {
  const lands = readLands()
  await client.query(`
    insert into country (code, name, region)
    select * from unnest($1::text[], $2::text[], $3::text[])`,
  [lands.map((land) => land.cca2), lands.map((land) => land.name.common), lands.map((land) => land.region)])
}

async function insertCities (client: pg.Client, places: Place[]): Promise<void> {
  await client.query(`
    insert into city (id, name, country_code, population, feature_code)
    select * from unnest($1::int[], $2::text[], $3::text[], $4::int[], $5::text[])`,
  [
    places.map((place) => place.cityId), places.map((place) => place.name), places.map((place) => place.country),
    places.map((place) => place.population), places.map((place) => place.featureCode)
  ])
}

async function insertTags (client: pg.Client, places: Place[]): Promise<void> {
  const lands = new Map(readLands().map((land) => [land.cca2, land]))
  for (const { id, name, belongsTo } of firstTags) {
    await client.query('insert into tag (id, name) values ($1, $2)', [id, name])
    const tagged = places.filter((place) => {
      const land = lands.get(place.country)
      return land !== undefined && belongsTo(place, land)
    })
    await client.query('insert into city_tags (city_id, tag_id) select unnest($1::int[]), $2', [tagged.map((place) => place.cityId), id])
  }
  await client.query("select setval(pg_get_serial_sequence('tag', 'id'), (select max(id) from tag))")
}
