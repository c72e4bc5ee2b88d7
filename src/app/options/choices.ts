import type { EntityMetadata } from '@mikro-orm/core'
import type { FieldShape } from '../../../schemas/entity/field.ts'
import { validationErrors } from '../../validation/validation-errors.ts'
import { unknownName } from '../../validation/suggestion.ts'
import { memberPath, type OptionErrors } from '../../validation/option-errors.ts'
import type { ResourceOptions } from '../../engine/resource-options.ts'

function columnNames (meta: EntityMetadata): string[] {
  return meta.props.filter((prop) => prop.kind === 'scalar' && prop.embedded === undefined && prop.persist !== false).map((prop) => prop.name)
}

/** Choices of a scalar are values that it can have; those of a reference are properties of the entity referred to. */
export function checkChoices ({ choices = {} }: ResourceOptions, editable: readonly FieldShape[], path: string, errors: OptionErrors): void {
  for (const [name, choice] of Object.entries(choices)) {
    const field = editable.find((field) => field.name === name)
    if (field === undefined) continue
    const where = memberPath(memberPath(path, 'choices'), name)
    if (Array.isArray(choice)) checkValues(field, choice, where, errors)
    else checkReference(field, choice as { label?: string, search?: readonly string[] }, where, errors)
  }
}

/** A field that has a list of choices takes no other values. */
export function restrictToChoices (choices: unknown, field: FieldShape): FieldShape {
  if (!Array.isArray(choices) || field.type === 'array') return field
  return { ...field, value: { ...field.value, enum: [...choices], description: `One of ${choices.join(', ')}.` } }
}

function checkValues (field: FieldShape, values: readonly unknown[], where: string, errors: OptionErrors): void {
  if (field.kind !== 'scalar') return errors.add(where, `${field.name} is no scalar: expected { label, search, where }`)
  for (const [index, value] of values.entries()) {
    errors.addAll(validationErrors(field.value, value, { path: memberPath(where, index) }))
  }
}

function checkReference (field: FieldShape, { label, search = [] }: { label?: string, search?: readonly string[] }, where: string, errors: OptionErrors): void {
  const target = field.prop.targetMeta
  if (field.target === undefined || target === undefined) return errors.add(where, `${field.name} is no reference: expected a list of values`)
  const known = columnNames(target)
  const check = (name: string, at: string) => {
    if (!known.includes(name)) errors.add(at, `${name}: ${unknownName(`property of ${target.className}`, name, known)}`)
  }
  if (label !== undefined) check(label, memberPath(where, 'label'))
  for (const [index, name] of search.entries()) check(name, memberPath(memberPath(where, 'search'), index))
}
