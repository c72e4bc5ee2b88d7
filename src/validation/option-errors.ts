import { configurationError, type PowercrudError } from '../errors.ts'
import type { ProblemItem } from '../../schemas/problem.ts'

/** `resources.cities.bulkFields[1]`, as it is written in code. */
export function memberPath (path: string, member: string | number): string {
  if (typeof member === 'number') return `${path}[${member}]`
  const written = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(member) ? `.${member}` : `[${JSON.stringify(member)}]`
  return path === '' ? written.replace(/^\./, '') : path + written
}

/** Collects all errors of the options, so that one exception reports them together. */
export class OptionErrors {
  readonly #items: ProblemItem[] = []
  #unmappable = 0

  get count (): number {
    return this.#items.length
  }

  add (path: string, message: string): void {
    this.#items.push({ path, message })
  }

  addAll (items: readonly ProblemItem[]): undefined {
    this.#items.push(...items)
  }

  /** A property whose type has no schema. */
  addUnmappable (path: string, message: string): void {
    this.#unmappable++
    this.add(path, message)
  }

  /** One error that lists all; undefined for valid options. */
  toError (): PowercrudError | undefined {
    const errors = this.#items
    if (errors.length === 0) return undefined
    const code = this.#unmappable === errors.length ? 'unmappable_property' : 'invalid_options'
    const lines = errors.map(({ path, message }) => path === '' ? message : `${path}: ${message}`)
    const text = lines.length === 1 ? lines[0]! : `${lines.length} errors:\n${lines.map((line) => `- ${line}`).join('\n')}`
    return configurationError(code, `wrong options of fastify-powercrud-async: ${text}`, { errors })
  }
}
