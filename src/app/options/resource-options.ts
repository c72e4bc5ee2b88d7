import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { MikroORM } from '@mikro-orm/postgresql'
import { isFieldRefusal, mapBulkField, mapField, mapFilterField, type FieldOptions, type FieldRefusal, type FieldShape } from '../../../schemas/entity/field.ts'
import { isKeyRefusal, keyShape, type KeyShape } from '../../../schemas/entity/key.ts'
import { ResourceOptionsSchema } from '../../../schemas/options.ts'
import { buildResourceSchemas, type ResourceShape } from '../../../schemas/resource.ts'
import { schemaError } from '../../validation/ajv.ts'
import { mistakesOf } from '../../validation/validation-errors.ts'
import { unknownName } from '../../validation/suggestion.ts'
import { checkChoices, narrowedTo } from './choices.ts'
import { frozenCopy, withDefaults } from './defaults.ts'
import { memberPath, type Mistakes } from '../../validation/option-errors.ts'
import type { ResourceOptions, ResolvedResourceOptions } from '../../engine/resource-options.ts'

/** An entity's properties that a resource may name. */
function propertyNames (meta: EntityMetadata): string[] {
  return meta.props.filter((prop) => prop.embedded === undefined && prop.persist !== false).map((prop) => prop.name)
}

/** The metadata of a resource's entity; undefined, and told, where there is none that we can work on. */
function discovered (orm: MikroORM, entity: unknown, path: string, mistakes: Mistakes): EntityMetadata | undefined {
  const where = memberPath(path, 'entity')
  const meta = orm.getMetadata().find(entity as never) as EntityMetadata | undefined
  const all = [...orm.getMetadata()] as EntityMetadata[]
  // A schema that MikroORM never discovered is found too, by itself, but without its key and its columns.
  if (meta === undefined || !all.includes(meta)) {
    const known = all.filter((other) => !other.embeddable && !other.pivotTable)
    mistakes.tell(where, `this entity was not discovered by MikroORM; discovered: ${known.map((other) => other.className).sort().join(', ')}`)
    return undefined
  }
  const unfit = meta.embeddable ? 'an embeddable' : meta.virtual ? 'a virtual entity' : meta.view ? 'a view' : meta.pivotTable ? 'a pivot table' : undefined
  if (unfit === undefined) return meta
  mistakes.tell(where, `${meta.className} is ${unfit}, which has no records of its own to write`)
  return undefined
}

function keyOf (meta: EntityMetadata, path: string, mistakes: Mistakes): KeyShape | undefined {
  const key = keyShape(meta)
  if (!isKeyRefusal(key)) return key
  const { refused, reason } = key
  if (refused === undefined) mistakes.tell(memberPath(path, 'entity'), `${meta.className} ${reason}`)
  else mistakes.tellUnmappable(memberPath(path, 'entity'), `${meta.className}.${refused.name} has the type ${refused.type} (column type: ${refused.columnTypes.join(', ')}), which ${reason}`)
  return undefined
}

type MapProperty = (prop: EntityProperty, options: FieldOptions) => FieldShape | FieldRefusal

/** The fields of a list of names; those that are none are told. */
function fieldsOf (meta: EntityMetadata, options: ResourceOptions, list: 'bulkFields' | 'filterFields', path: string, mistakes: Mistakes, map: MapProperty): FieldShape[] {
  const fields: FieldShape[] = []
  const seen = new Set<string>()
  for (const [index, name] of (options[list] ?? []).entries()) {
    const where = memberPath(memberPath(path, list), index)
    const prop = Object.hasOwn(meta.properties, name) ? meta.properties[name as never] as EntityProperty : undefined
    if (seen.has(name)) mistakes.tell(where, `${name} is listed twice`)
    else if (prop === undefined) mistakes.tell(where, `${name}: ${unknownName(`property of ${meta.className}`, name, propertyNames(meta))}`)
    else {
      const field = map(prop, { label: options.fieldLabels?.[name], schema: options.fieldSchemas?.[name] })
      if (!isFieldRefusal(field)) fields.push(field)
      else if (field.cause === 'unmappable') mistakes.tellUnmappable(where, `${field.reason}; give one in fieldSchemas.${name}, or leave the field out`)
      else mistakes.tell(where, `${name} cannot be ${list === 'bulkFields' ? 'edited in bulk' : 'filtered on'}: ${field.reason}`)
    }
    seen.add(name)
  }
  return fields
}

/** Labels, schemas and choices are for fields that clients see. */
function checkFieldNames (options: ResourceOptions, visible: readonly string[], path: string, mistakes: Mistakes): void {
  for (const member of ['fieldLabels', 'fieldSchemas', 'choices'] as const) {
    for (const name of Object.keys(options[member] ?? {})) {
      if (!visible.includes(name)) mistakes.tell(memberPath(memberPath(path, member), name), unknownName('field', name, visible))
    }
  }
}

/** A schema that Ajv cannot compile, or a keyword that nobody knows, would check nothing. */
function checkSchemas ({ validate, fieldSchemas = {} }: ResourceOptions, path: string, mistakes: Mistakes): void {
  const given = [
    ...Object.entries(fieldSchemas).map(([name, schema]) => [memberPath(memberPath(path, 'fieldSchemas'), name), schema] as const),
    ...(typeof validate === 'object' ? [[memberPath(path, 'validate'), validate] as const] : [])
  ]
  for (const [where, schema] of given) {
    const error = schemaError(schema)
    if (error !== undefined) mistakes.tell(where, `this JSON Schema cannot be compiled: ${error}`)
  }
}

/** What an undo would need and cannot have. */
function checkUndo ({ undo, persistence }: ResourceOptions, meta: EntityMetadata, path: string, mistakes: Mistakes): void {
  if (undo !== true) return
  const where = memberPath(path, 'undo')
  if (persistence !== undefined) mistakes.tell(where, 'what a persistence class writes only the application can take back; leave undo or persistence out')
  if (meta.root.inheritanceType === 'tpt') mistakes.tell(where, `${meta.className} has a table for each of its classes, of which no images can be kept; leave it out`)
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
  /** Whether the application tells who is calling. */
  readonly knowsUsers: boolean
  /** What the schemas are called: by the entity's name, or by the resource's where several share the entity. */
  readonly schemaNameOf: (meta: EntityMetadata) => string
}

/** Checks the options of a resource against its entity; undefined where that cannot be done, and mistakes are told. */
export function resolveResource (given: unknown, context: ResourceContext, mistakes: Mistakes): ResolvedResourceOptions | undefined {
  const { orm, name, schemaPrefix, knowsUsers, schemaNameOf } = context
  const path = memberPath('resources', name)
  const wrong = mistakesOf(ResourceOptionsSchema, given, { path, noun: 'option', join: memberPath })
  if (wrong.length > 0) return mistakes.tellAll(wrong)

  const options = given as ResourceOptions
  const meta = discovered(orm, options.entity, path, mistakes)
  const key = meta && keyOf(meta, path, mistakes)
  if (meta === undefined || key === undefined) return undefined

  const before = mistakes.count
  const pivotOf = (prop: EntityProperty) => prop.pivotEntity && orm.getMetadata().find(prop.pivotEntity)
  const editable = fieldsOf(meta, options, 'bulkFields', path, mistakes, (prop, own) => mapBulkField(meta, prop, own, pivotOf(prop)))
  const filterable = fieldsOf(meta, options, 'filterFields', path, mistakes, (prop, own) => mapFilterField(meta, prop, own))
  if (mistakes.count > before) return undefined
  checkFieldNames(options, [...new Set([...editable, ...filterable].map((field) => field.name))], path, mistakes)
  checkChoices(options, editable, path, mistakes)
  checkSchemas(options, path, mistakes)
  checkUndo(options, meta, path, mistakes)
  if (editable.length === 0 && options.bulkDelete !== true) {
    mistakes.tell(path, 'nothing can be done with this resource: it has neither bulkFields nor bulkDelete')
  }
  if (mistakes.count > before) return undefined

  const narrowed = editable.map((field) => narrowedTo(options.choices?.[field.name], field))
  const shape: ResourceShape = { name, schemaName: schemaNameOf(meta), meta, key, bulkFields: narrowed, filterFields: filterable, version: versionOf(meta) }
  const resolved = frozenCopy(withDefaults(ResourceOptionsSchema, given as Record<string, unknown>))
  return Object.freeze({
    ...resolved,
    bulkAsyncAllowAnonymous: options.bulkAsyncAllowAnonymous ?? !knowsUsers,
    name,
    meta,
    editable: new Map(narrowed.map((field) => [field.name, field])),
    filterable: new Map(filterable.map((field) => [field.name, field])),
    shape,
    schemas: buildResourceSchemas(shape, { schemaPrefix })
  }) as unknown as ResolvedResourceOptions
}
