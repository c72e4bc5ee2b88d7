import type { TSchema } from '@sinclair/typebox'
import { withoutNul } from '../../schemas/entity/text.ts'
import { listed } from './suggestion.ts'

const shownTextLimit = 60

/** What was given, short enough for a message. */
export function given (value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > shownTextLimit ? `${value.slice(0, shownTextLimit)}…` : value)
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`
  if (typeof value === 'function') return value.name === '' ? 'a function' : `the function ${value.name}`
  if (typeof value === 'object' && value !== null) {
    const names = Object.keys(value)
    return names.length === 0 ? 'an empty object' : `an object with ${listed(names)}`
  }
  return String(value)
}

function counted (count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function numberPhrase (schema: TSchema): string {
  const noun = schema.type === 'integer' ? 'an integer' : 'a number'
  const { minimum, maximum } = schema
  if (minimum !== undefined && maximum !== undefined) return `${noun} from ${minimum} to ${maximum}`
  if (minimum !== undefined) return `${noun} of at least ${minimum}`
  if (maximum !== undefined) return `${noun} of at most ${maximum}`
  return noun
}

function textPhrase (schema: TSchema): string {
  const { minLength, maxLength } = schema
  if (minLength !== undefined && maxLength !== undefined) return `text of ${minLength} to ${counted(maxLength, 'character')}`
  if (maxLength !== undefined) return `text of up to ${counted(maxLength, 'character')}`
  if (minLength !== undefined) return `text of at least ${counted(minLength, 'character')}`
  return 'text'
}

/** A description is written as a sentence; inside a message it begins small and has no full stop. */
function inSentence (description: string): string {
  const text = description.replace(/\.$/, '')
  return /^[A-Z][a-z ]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

function objectPhrase (schema: TSchema): string {
  const names = Object.keys(schema.properties ?? {})
  return names.length === 0 ? 'an object' : `an object with ${listed(names)}`
}

function typePhrase (type: string, schema: TSchema): string {
  switch (type) {
    case 'string': return textPhrase(schema)
    case 'integer': case 'number': return numberPhrase(schema)
    case 'boolean': return 'true or false'
    case 'array': return 'a list'
    case 'object': return objectPhrase(schema)
    default: return type
  }
}

/** What is allowed, as a phrase: "an integer from 1 to 5, or null". */
export function phraseOf (schema: TSchema, resolve: (schema: TSchema) => TSchema): string {
  const node = resolve(schema)
  if (Array.isArray(node.anyOf)) {
    return [...new Set(node.anyOf.map((branch: TSchema) => phraseOf(branch, resolve)))].join(', or ')
  }
  if (node['x-kind'] !== undefined) return node['x-kind']
  if ('const' in node) return JSON.stringify(node.const)
  if (Array.isArray(node.enum)) return `one of ${listed(node.enum.map(String))}`
  const special = node.format !== undefined || (node.pattern !== undefined && node.pattern !== withoutNul)
  if (special && node.description !== undefined) return inSentence(node.description)
  if (Array.isArray(node.type)) return node['x-jsonb'] ? 'any JSON value but null' : node.type.map((type: string) => typePhrase(type, node)).join(' or ')
  return typeof node.type === 'string' ? typePhrase(node.type, node) : 'another value'
}
