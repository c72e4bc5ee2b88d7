import type { TSchema } from '@sinclair/typebox'
import { listed, suggestion, unknownName } from './suggestion.ts'

/** The branch that was meant, with the members that only others know; or the one error that keeps us from telling. */
export type Choice =
  | { readonly branch: TSchema, readonly elsewhere: readonly string[] }
  | { readonly error: string, readonly member?: string }

function namesOf (branch: TSchema): string[] {
  return Object.keys(branch.properties ?? {})
}

/** A member that this branch asks for and no other knows: it decides. */
function deciderOf (branch: TSchema, branches: readonly TSchema[]): string | undefined {
  return (branch.required ?? []).find((name: string) => branches.every((other) => other === branch || !namesOf(other).includes(name)))
}

function isString (name: string | undefined): name is string {
  return name !== undefined
}

/** No deciding member was given: a misspelt name is reported as such. */
function unknownOf (givenNames: readonly string[], known: readonly string[], noun: string): Choice | undefined {
  const unknown = givenNames.filter((name) => !known.includes(name))
  const misspelt = unknown.find((name) => suggestion(name, known) !== undefined) ?? unknown[0]
  return misspelt === undefined ? undefined : { error: unknownName(noun, misspelt, known), member: misspelt }
}

/** Each branch has a member of its own that it cannot do without: exactly one of those must be given. */
function chooseByDecider (branches: readonly TSchema[], deciders: readonly string[], givenNames: readonly string[], noun: string): Choice {
  const known = [...new Set(branches.flatMap(namesOf))]
  const decided = deciders.filter((name) => givenNames.includes(name))
  if (decided.length === 1) {
    const branch = branches[deciders.indexOf(decided[0]!)]!
    return { branch, elsewhere: known.filter((name) => !namesOf(branch).includes(name)) }
  }
  const unknown = decided.length === 0 ? unknownOf(givenNames, known, noun) : undefined
  return unknown ?? { error: `exactly one of ${listed(deciders)} is allowed; given: ${listed(decided)}` }
}

/** Branches are distinguished by the members that they define: the one that defines most of what was given is chosen. */
function chooseByMembers (branches: readonly TSchema[], givenNames: readonly string[], noun: string): Choice {
  const known = [...new Set(branches.flatMap(namesOf))]
  const claims = branches
    .map((branch) => ({ branch, names: givenNames.filter((name) => namesOf(branch).includes(name)) }))
    .sort((one, other) => other.names.length - one.names.length)
  const [first, second] = claims
  if (first === undefined || first.names.length === 0) {
    return unknownOf(givenNames, known, noun) ?? { error: `must not be empty; allowed: ${branches.map((branch) => listed(namesOf(branch))).join('; or ')}` }
  }
  const foreign = second!.names.filter((name) => !first.names.includes(name))
  if (foreign.length > 0) return { error: `${listed(first.names)} cannot be given together with ${listed(foreign)}` }
  return { branch: first.branch, elsewhere: [] }
}

/** Which of several closed objects was meant? */
export function choose (branches: readonly TSchema[], object: Record<string, unknown>, noun: string): Choice {
  const givenNames = Object.keys(object).filter((name) => object[name] !== undefined)
  const deciders = branches.map((branch) => deciderOf(branch, branches)).filter(isString)
  return deciders.length === branches.length
    ? chooseByDecider(branches, deciders, givenNames, noun)
    : chooseByMembers(branches, givenNames, noun)
}
