import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import { isFieldRefusal, mapBulkField, mapField, mapFilterField, type FieldOptions, type FieldRefusal, type FieldShape } from '../../../schemas/entity/field.ts'
import { isKeyRefusal, keyShape, type KeyShape } from '../../../schemas/entity/key.ts'
import { ResourceOptionsSchema } from '../../../schemas/options.ts'
import { buildResourceSchemas, type ResourceShape } from '../../../schemas/resource.ts'
import { schemaError } from '../../validation/ajv.ts'
import { validationErrors } from '../../validation/validation-errors.ts'
import { unknownName } from '../../validation/suggestion.ts'
import { checkChoices, restrictToChoices } from './choices.ts'
import { frozenCopy, withDefaults } from './defaults.ts'
import { memberPath, type OptionErrors } from '../../validation/option-errors.ts'
import type { ResourceOptions, ResolvedResourceOptions } from '../../engine/resource-options.ts'

/** An entity's properties that a resource may name. */
function propertyNames (meta: EntityMetadata): string[] {
  return meta.props.filter((prop) => prop.embedded === undefined && prop.persist !== false).map((prop) => prop.name)
}

/** The metadata of a resource's entity; undefined, with an error, where it has no records of its own. */
function discovered (orm: MikroORM, entity: unknown, path: string, errors: OptionErrors): EntityMetadata | undefined {
  const where = memberPath(path, 'entity')
  const meta = orm.getMetadata().find(entity as never) as EntityMetadata | undefined
  const all = [...orm.getMetadata()] as EntityMetadata[]
  // A schema that MikroORM never discovered is found too, by itself, but without its key and its columns.
  if (meta === undefined || !all.includes(meta)) {
    const known = all.filter((other) => !other.embeddable && !other.pivotTable)
    errors.add(where, `this entity was not discovered by MikroORM; discovered: ${known.map((other) => other.className).sort().join(', ')}`)
    return undefined
  }
  const unfit = meta.embeddable ? 'an embeddable' : meta.virtual ? 'a virtual entity' : meta.view ? 'a view' : meta.pivotTable ? 'a pivot table' : undefined
  if (unfit === undefined) return meta
  errors.add(where, `${meta.className} is ${unfit}, which has no records of its own to write`)
  return undefined
}

function keyOf (meta: EntityMetadata, path: string, errors: OptionErrors): KeyShape | undefined {
  const key = keyShape(meta)
  if (!isKeyRefusal(key)) return key
  const { refused, reason } = key
  if (refused === undefined) errors.add(memberPath(path, 'entity'), `${meta.className} ${reason}`)
  else errors.addUnmappable(memberPath(path, 'entity'), `${meta.className}.${refused.name} has the type ${refused.type} (column type: ${refused.columnTypes.join(', ')}), which ${reason}`)
  return undefined
}

type MapProperty = (prop: EntityProperty, options: FieldOptions) => FieldShape | FieldRefusal

/** The fields of a list of names; each unknown name is an error. */
function fieldsOf (meta: EntityMetadata, options: ResourceOptions, list: 'bulkFields' | 'filterFields', path: string, errors: OptionErrors, map: MapProperty): FieldShape[] {
  const fields: FieldShape[] = []
  const seen = new Set<string>()
  for (const [index, name] of (options[list] ?? []).entries()) {
    const where = memberPath(memberPath(path, list), index)
    const prop = Object.hasOwn(meta.properties, name) ? meta.properties[name as never] as EntityProperty : undefined
    if (seen.has(name)) errors.add(where, `${name} is listed twice`)
    else if (prop === undefined) errors.add(where, `${name}: ${unknownName(`property of ${meta.className}`, name, propertyNames(meta))}`)
    else {
      const field = map(prop, { label: options.fieldLabels?.[name], schema: options.fieldSchemas?.[name] })
      if (!isFieldRefusal(field)) fields.push(field)
      else if (field.cause === 'unmappable') errors.addUnmappable(where, `${field.reason}; give one in fieldSchemas.${name}, or leave the field out`)
      else errors.add(where, `${name} cannot be ${list === 'bulkFields' ? 'edited in bulk' : 'filtered on'}: ${field.reason}`)
    }
    seen.add(name)
  }
  return fields
}

/** Labels, schemas and choices are for fields that clients see. */
function checkFieldNames (options: ResourceOptions, visible: readonly string[], path: string, errors: OptionErrors): void {
  for (const member of ['fieldLabels', 'fieldSchemas', 'choices'] as const) {
    for (const name of Object.keys(options[member] ?? {})) {
      if (!visible.includes(name)) errors.add(memberPath(memberPath(path, member), name), unknownName('field', name, visible))
    }
  }
}

/** A schema that Ajv cannot compile, or an unknown keyword, would check nothing. */
function checkSchemas ({ validate, fieldSchemas = {} }: ResourceOptions, path: string, errors: OptionErrors): void {
  const given = [
    ...Object.entries(fieldSchemas).map(([name, schema]) => [memberPath(memberPath(path, 'fieldSchemas'), name), schema] as const),
    ...(typeof validate === 'object' ? [[memberPath(path, 'validate'), validate] as const] : [])
  ]
  for (const [where, schema] of given) {
    const error = schemaError(schema)
    if (error !== undefined) errors.add(where, `this JSON Schema cannot be compiled: ${error}`)
  }
}

/** What an undo would need and cannot have. */
function checkUndo ({ undo, persistence }: ResourceOptions, meta: EntityMetadata, path: string, errors: OptionErrors): void {
  if (undo !== true) return
  const where = memberPath(path, 'undo')
  if (persistence !== undefined) errors.add(where, 'what a persistence class writes only the application can take back; leave undo or persistence out')
  if (meta.root.inheritanceType === 'tpt') errors.add(where, `${meta.className} has a table for each of its classes, of which no images can be kept; leave it out`)
}

function versionOf (meta: EntityMetadata): FieldShape | undefined {
  if (meta.versionProperty === undefined) return undefined
  const field = mapField(meta, meta.properties[meta.versionProperty] as EntityProperty)
  return isFieldRefusal(field) ? undefined : field
}

export interface ResourceContext {
  readonly orm: MikroORM
  readonly name: string
  readonly schemaPrefix: string
  /** Whether the application identifies its callers. */
  readonly knowsUsers: boolean
  /** What the schemas are called: by the entity's name, or by the resource's where several share the entity. */
  readonly schemaNameOf: (meta: EntityMetadata) => string
}

/** Checks the options of a resource against its entity; undefined, with errors added, where they are invalid. */
export function resolveResource (given: unknown, context: ResourceContext, errors: OptionErrors): ResolvedResourceOptions | undefined {
  const { orm, name, schemaPrefix, knowsUsers, schemaNameOf } = context
  const path = memberPath('resources', name)
  const wrong = validationErrors(ResourceOptionsSchema, given, { path, noun: 'option', join: memberPath })
  if (wrong.length > 0) return errors.addAll(wrong)

  const options = given as ResourceOptions
  const meta = discovered(orm, options.entity, path, errors)
  const key = meta && keyOf(meta, path, errors)
  if (meta === undefined || key === undefined) return undefined

  const before = errors.count
  const pivotOf = (prop: EntityProperty) => prop.pivotEntity && orm.getMetadata().find(prop.pivotEntity)
  const editable = fieldsOf(meta, options, 'bulkFields', path, errors, (prop, own) => mapBulkField(meta, prop, own, pivotOf(prop)))
  const filterable = fieldsOf(meta, options, 'filterFields', path, errors, (prop, own) => mapFilterField(meta, prop, own))
  if (errors.count > before) return undefined
  checkFieldNames(options, [...new Set([...editable, ...filterable].map((field) => field.name))], path, errors)
  checkChoices(options, editable, path, errors)
  checkSchemas(options, path, errors)
  checkUndo(options, meta, path, errors)
  if (editable.length === 0 && options.bulkDelete !== true) {
    errors.add(path, 'nothing can be done with this resource: it has neither bulkFields nor bulkDelete')
  }
  if (errors.count > before) return undefined

  const restricted = editable.map((field) => restrictToChoices(options.choices?.[field.name], field))
  const shape: ResourceShape = { name, schemaName: schemaNameOf(meta), meta, key, bulkFields: restricted, filterFields: filterable, version: versionOf(meta) }
  const resolved = frozenCopy(withDefaults(ResourceOptionsSchema, given as Record<string, unknown>))
  return Object.freeze({
    ...resolved,
    bulkAsyncAllowAnonymous: options.bulkAsyncAllowAnonymous ?? !knowsUsers,
    name,
    meta,
    editable: new Map(restricted.map((field) => [field.name, field])),
    filterable: new Map(filterable.map((field) => [field.name, field])),
    shape,
    schemas: buildResourceSchemas(shape, { schemaPrefix })
  }) as unknown as ResolvedResourceOptions
}
