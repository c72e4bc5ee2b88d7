import type { MikroORM } from '@mikro-orm/postgresql'
import pg from 'pg'
import { readCountries, readPlaces, type Place } from './places.ts'
import { initialTags } from './tags.ts'

/** Arbitrary, but the same in every server that may load. */
const loadLock = 7_306_574_002

const rowsPerStatement = 20_000

/** Shown to people when the database refuses a change. */
const capitalRule = 'The capital of a country cannot be archived.'

/**
 * Creates and fills the tables, unless that is done. It is one transaction: a process that is killed in between leaves
 * nothing behind, and the next start begins again.
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

/** Looks at countries, which cannot be deleted here: an empty city table may be what the user wanted. */
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
  const countries = readCountries()
  await client.query(`
    insert into country (code, name, region)
    select * from unnest($1::text[], $2::text[], $3::text[])`,
  [countries.map((country) => country.cca2), countries.map((country) => country.name.common), countries.map((country) => country.region)])
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
  const countries = new Map(readCountries().map((country) => [country.cca2, country]))
  for (const { id, name, applies } of initialTags) {
    await client.query('insert into tag (id, name) values ($1, $2)', [id, name])
    const tagged = places.filter((place) => {
      const country = countries.get(place.country)
      return country !== undefined && applies(place, country)
    })
    await client.query('insert into city_tags (city_id, tag_id) select unnest($1::int[]), $2', [tagged.map((place) => place.cityId), id])
  }
  await client.query("select setval(pg_get_serial_sequence('tag', 'id'), (select max(id) from tag))")
}
