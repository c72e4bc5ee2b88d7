import { parseArgs } from 'node:util'
import { unknownName } from '../../validation/suggestion.ts'

export const commandNames = ['worker', 'migrate', 'cleanup'] as const
export type CommandName = typeof commandNames[number]

/** The parsed command line, or what is wrong with it. */
export type Invocation =
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'invalid', message: string }
  | { kind: 'command', name: CommandName, config?: string, json: boolean }

interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  /** The commands that know it; all of them, when left out. */
  readonly of?: readonly CommandName[]
}

const options: Record<string, Option> = {
  config: { type: 'string', short: 'c' },
  json: { type: 'boolean', of: ['cleanup'] },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' }
}

/** Reads the arguments. Not strict: node would name an unknown option, but not the one that was meant. */
export function readArguments (args: readonly string[]): Invocation {
  const { values, positionals, tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true })
  if (values.help === true) return { kind: 'help' }
  if (values.version === true) return { kind: 'version' }
  const [name, ...rest] = positionals
  if (name === undefined) return invalid(`a command is missing; allowed: ${commandNames.join(', ')}`)
  if (!isCommand(name)) return invalid(`${name}: ${unknownName('command', name, commandNames)}`)

  const allowed = Object.keys(options).filter((option) => options[option]!.of?.includes(name) ?? true)
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    if (!allowed.includes(token.name)) return invalid(`${token.rawName}: ${unknownName(`option of ${name}`, token.rawName, allowed.map((option) => `--${option}`))}`)
    const { type } = options[token.name]!
    if (type === 'string' && !token.value) return invalid(`${token.rawName}: a value is missing`)
    if (type === 'boolean' && token.value !== undefined) return invalid(`${token.rawName}: takes no value`)
  }
  if (rest.length > 0) return invalid(`${rest[0]}: ${name} takes no further argument`)
  return { kind: 'command', name, json: values.json === true, ...(typeof values.config === 'string' && { config: values.config }) }
}

function invalid (message: string): Invocation {
  return { kind: 'invalid', message }
}

function isCommand (name: string): name is CommandName {
  return commandNames.includes(name as CommandName)
}
