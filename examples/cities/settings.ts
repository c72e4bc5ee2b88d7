import { resolve } from 'node:path'
import { SettingInvalid } from './errors.ts'

/** Settings from the environment. An empty variable counts as not set. */
export interface Settings {
  port: number
  host: string
  /** where the embedded PostgreSQL keeps its files */
  dataFolder: string
  /** uses this server instead of the embedded PostgreSQL */
  databaseUrl: string | undefined
  /** moves queue and live progress to Redis */
  redisUrl: string | undefined
  worker: 'in-process' | 'separate'
}

export function readSettings (environment: NodeJS.ProcessEnv = process.env): Settings {
  const given = (name: string): string | undefined => environment[name]?.trim() || undefined
  return {
    port: portOf(given('PORT') ?? '3000'),
    host: given('HOST') ?? '127.0.0.1',
    dataFolder: resolve(given('DATA_DIR') ?? '.data'),
    databaseUrl: urlOf('DATABASE_URL', ['postgres:', 'postgresql:'], given('DATABASE_URL')),
    redisUrl: urlOf('REDIS_URL', ['redis:', 'rediss:'], given('REDIS_URL')),
    worker: workerOf(given('POWERCRUD_WORKER') ?? 'in-process')
  }
}

function portOf (text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65535) {
    throw new SettingInvalid('PORT', 'a whole number from 0 to 65535', text)
  }
  return Number(text)
}

/** The error does not repeat the value: a URL may contain a password. */
function urlOf (name: string, schemes: string[], text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const scheme = URL.parse(text)?.protocol
  if (scheme === undefined || !schemes.includes(scheme)) {
    throw new SettingInvalid(name, `a URL that begins with ${schemes.map((one) => `${one}//`).join(' or ')}`, scheme === undefined ? 'something else' : `${scheme}//…`)
  }
  return text
}

function workerOf (text: string): Settings['worker'] {
  if (text === 'in-process' || text === 'separate') return text
  throw new SettingInvalid('POWERCRUD_WORKER', '"in-process" or "separate"', text)
}
