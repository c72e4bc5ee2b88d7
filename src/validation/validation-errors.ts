import type { TSchema } from '@sinclair/typebox'
import type { ProblemItem } from '../../schemas/problem.ts'
import { fitsType, leafError } from './leaf.ts'
import { given, phraseOf } from './phrases.ts'
import { listed, unknownName } from './suggestion.ts'
import { choose } from './union.ts'

/** The most errors that are reported at once: a hundred thousand wrong ids are one slip. */
const errorLimit = 20

export interface ValidationOptions {
  /** The schemas that `$ref` may point to, by `$id`. */
  readonly schemas?: ReadonlyMap<string, TSchema>
  /** What a member is called in messages: field, option. */
  readonly noun?: string
  /** Where the value is. */
  readonly path?: string
  /** How the path of a member is written; a JSON pointer by default. */
  readonly join?: (path: string, member: string | number) => string
}

export type Resolve = (schema: TSchema) => TSchema

/** RFC 6901. */
function pointer (path: string, member: string | number): string {
  return `${path}/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`
}

/**
 * Everything that is wrong with a value, each reported once, where it is: what was given and what is allowed. Of a union only the
 * branch that was meant is reported. Knows the keywords that our own schemas use; what it does not know it lets pass.
 */
export function validationErrors (schema: TSchema, value: unknown, options: ValidationOptions = {}): ProblemItem[] {
  const { schemas = new Map<string, TSchema>(), noun = 'field', path = '', join = pointer } = options
  const errors: ProblemItem[] = []

  const resolve: Resolve = (node) => {
    if (typeof node.$ref !== 'string') return node
    const target = schemas.get(node.$ref.replace(/#$/, ''))
    return target === undefined ? {} as TSchema : resolve(target)
  }

  const report = (where: string, message: string) => {
    if (errors.length < errorLimit) errors.push({ path: where, message })
  }

  /** @param elsewhere members that the other branches of the union know */
  const visitObject = (node: TSchema, object: Record<string, unknown>, where: string, elsewhere: readonly string[] = []) => {
    const properties: Record<string, TSchema> = node.properties ?? {}
    const names = Object.keys(properties)
    const required: readonly string[] = node.required ?? []
    for (const name of required) {
      if (!Object.hasOwn(object, name) || object[name] === undefined) report(join(where, name), `is missing; expected ${phraseOf(properties[name]!, resolve)}`)
    }
    const givenNames = Object.keys(object).filter((name) => object[name] !== undefined)
    if (givenNames.length < (node.minProperties ?? 0)) report(where, `must not be empty; allowed: ${listed(names)}`)
    for (const name of givenNames) {
      if (Object.hasOwn(properties, name)) {
        visit(properties[name]!, object[name], join(where, name))
        continue
      }
      const pattern = Object.keys(node.patternProperties ?? {}).find((expression) => new RegExp(expression, 'u').test(name))
      if (pattern !== undefined) visit(node.patternProperties[pattern], object[name], join(where, name))
      else if (elsewhere.includes(name)) report(join(where, name), `not allowed together with ${listed(givenNames.filter((other) => required.includes(other)))}`)
      else if (node.additionalProperties === false) report(join(where, name), unknownName(noun, name, names))
    }
  }

  const visitArray = (node: TSchema, array: readonly unknown[], where: string) => {
    if (array.length < (node.minItems ?? 0)) report(where, node.minItems === 1 ? 'must not be empty' : `at least ${node.minItems} items; given: ${array.length}`)
    if (array.length > (node.maxItems ?? Infinity)) report(where, `at most ${node.maxItems} items; given: ${array.length}`)
    if (node.items === undefined) return
    for (const [index, item] of array.entries()) {
      if (errors.length >= errorLimit) return
      visit(node.items, item, join(where, index))
    }
  }

  const visitUnion = (node: TSchema, value: unknown, where: string) => {
    const fitting = node.anyOf.map(resolve).filter((branch: TSchema) => fitsBranch(branch, value))
    if (fitting.length === 0) return report(where, `expected ${phraseOf(node, resolve)}; given: ${given(value)}`)
    if (fitting.length === 1) return visit(fitting[0], value, where)
    const objects = fitting.filter((branch: TSchema) => branch.type === 'object')
    if (objects.length === 1) return visit(objects[0], value, where)
    if (objects.length > 1) {
      const chosen = choose(objects, value as Record<string, unknown>, noun)
      if ('error' in chosen) return report(chosen.member === undefined ? where : join(where, chosen.member), chosen.error)
      return visitObject(chosen.branch, value as Record<string, unknown>, where, chosen.elsewhere)
    }
    const fits = fitting.some((branch: TSchema) => validationErrors(branch, value, { ...options, path: where }).length === 0)
    if (!fits) report(where, `expected ${phraseOf(node, resolve)}; given: ${given(value)}`)
  }

  const fitsBranch = (branch: TSchema, value: unknown) =>
    branch['x-kind'] === undefined ? fitsType(branch, value) : leafError(branch, value, resolve) === undefined

  const visit = (schema: TSchema, value: unknown, where: string): void => {
    if (errors.length >= errorLimit) return
    const node = resolve(schema)
    if (Array.isArray(node.anyOf)) return visitUnion(node, value, where)
    const error = leafError(node, value, resolve)
    if (error !== undefined) return report(where, error)
    if (node['x-kind'] !== undefined) return
    if (Array.isArray(value)) return visitArray(node, value, where)
    if (typeof value === 'object' && value !== null) return visitObject(node, value as Record<string, unknown>, where)
  }

  visit(schema, value, path)
  return errors
}
