import { fail } from 'node:assert/strict'

type AddressName = 'TEST_DATABASE_URL' | 'TEST_REDIS_URL'

/** The address of a shared server, as the runner puts it into the environment. */
export function serverAddress (name: AddressName): string {
  return process.env[name] ||
    fail(`${name} is not set. Run tests with npm test -- <file>, or start servers with node test/setup/servers.ts and export what it prints.`)
}
