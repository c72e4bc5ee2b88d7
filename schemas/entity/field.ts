import type { EntityMetadata, EntityProperty } from '@mikro-orm/core'
import type { TSchema } from '@sinclair/typebox'
import type { ScalarType } from './column.ts'
import { isKeyRefusal, keyShape, type KeyShape } from './key.ts'
import { operatorsOf, type FilterOperator } from './operators.ts'
import { mapEmbedded, mapScalar, unmappableMember } from './scalar.ts'

export type FieldKind = 'scalar' | 'embedded' | 'reference' | 'collection'

/** A property of an entity as clients see it. */
export interface FieldShape {
  readonly name: string
  readonly label: string
  readonly kind: FieldKind
  readonly type: ScalarType | 'embedded' | 'reference' | 'collection'
  readonly nullable: boolean
  /** A value, never null: of the property itself, of the referenced key, or of one key of the collection. */
  readonly value: TSchema
  /** What filters may ask; empty for embedded objects and collections. */
  readonly operators: readonly FilterOperator[]
  /** The key of the entity that a reference or collection points to. */
  readonly target?: KeyShape
  readonly prop: EntityProperty
}

/** Why a property is no field: `refused` by its nature, or `unmappable` because its type has no schema. */
export interface FieldRefusal {
  readonly cause: 'refused' | 'unmappable'
  readonly reason: string
}

export interface FieldOptions {
  readonly label?: string
  /** The application's own schema for the value, for types that we do not know. */
  readonly schema?: TSchema
}

export function isFieldRefusal (field: FieldShape | FieldRefusal): field is FieldRefusal {
  return 'cause' in field
}

function refuse (reason: string): FieldRefusal {
  return { cause: 'refused', reason }
}

/** "reviewedAt" becomes "Reviewed at". */
export function labelOf (name: string): string {
  const words = name.replace(/_+/g, ' ').replace(/(?<=[\p{Ll}\d])\p{Lu}/gu, (letter) => ` ${letter.toLowerCase()}`).trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

function unmappable (meta: EntityMetadata, prop: EntityProperty, path: string = prop.name): FieldRefusal {
  const columns = prop.columnTypes.length > 0 ? prop.columnTypes.join(', ') : 'none'
  return { cause: 'unmappable', reason: `${meta.className}.${path} has the type ${prop.type} (column type: ${columns}), which has no schema` }
}

/** Is it the column that says which class of a single-table hierarchy a row is? */
function isDiscriminator (meta: EntityMetadata, prop: EntityProperty): boolean {
  const { discriminator, discriminatorColumn } = meta.root
  return discriminator !== undefined && (prop.name === discriminator || prop.fieldNames?.[0] === discriminatorColumn)
}

/** A required column that a pivot table of the application's own has beside its two references. */
function requiredInPivot (prop: EntityProperty, pivot: EntityMetadata | undefined): EntityProperty | undefined {
  return pivot?.props.find((column) => column.kind === 'scalar' && !column.autoincrement && !column.nullable && column.persist !== false &&
    column.default === undefined && column.defaultRaw === undefined && column.name !== prop.fixedOrderColumn && column.fieldNames[0] !== prop.fixedOrderColumn)
}

function referenceField (prop: EntityProperty, shared: Pick<FieldShape, 'name' | 'label' | 'prop'>): FieldShape | FieldRefusal {
  if (prop.polymorphic) return refuse('it may refer to several entities')
  if (prop.targetKey !== undefined) return refuse('it refers by another property than the primary key')
  const target = keyShape(prop.targetMeta!)
  if (isKeyRefusal(target)) return refuse(`${prop.targetMeta!.className} ${target.refused ? `.${target.refused.name} ` : ''}${target.reason}`)
  const collection = prop.kind === 'm:n'
  return {
    ...shared,
    kind: collection ? 'collection' : 'reference',
    type: collection ? 'collection' : 'reference',
    nullable: !collection && prop.nullable === true,
    value: target.schema,
    operators: collection ? [] : operatorsOf('reference'),
    target
  }
}

function embeddedField (meta: EntityMetadata, prop: EntityProperty, shared: Pick<FieldShape, 'name' | 'label' | 'prop'>): FieldShape | FieldRefusal {
  const value = mapEmbedded(prop)
  if (value === undefined) {
    const member = unmappableMember(prop, prop.name)
    return unmappable(meta, member?.prop ?? prop, member?.path)
  }
  return { ...shared, kind: 'embedded', type: 'embedded', nullable: prop.nullable === true, value, operators: [] }
}

/** The field that a property makes, for reading and filtering, or why it makes none. */
export function mapField (meta: EntityMetadata, prop: EntityProperty, options: FieldOptions = {}): FieldShape | FieldRefusal {
  const shared = { name: prop.name as string, label: options.label ?? labelOf(prop.name), prop }
  if (prop.embedded !== undefined) return refuse(`it is a part of ${prop.embedded[0]}`)
  if (prop.formula !== undefined) return refuse('it is computed by a formula')
  if (prop.persist === false) return refuse('it is not persisted')
  if (prop.kind === '1:m') return refuse('it is the inverse side of a reference (one-to-many)')
  if (prop.kind === '1:1' && !prop.owner) return refuse('it is the inverse side of a one-to-one reference')
  if (prop.targetMeta !== undefined && prop.kind !== 'embedded') return referenceField(prop, shared)
  if (options.schema !== undefined) {
    return { ...shared, kind: 'scalar', type: 'custom', nullable: prop.nullable === true, value: options.schema, operators: operatorsOf('custom') }
  }
  if (prop.kind === 'embedded') return embeddedField(meta, prop, shared)
  const mapping = mapScalar(prop)
  if (mapping === undefined) return unmappable(meta, prop)
  return { ...shared, kind: 'scalar', type: mapping.type, nullable: prop.nullable === true, value: mapping.schema, operators: operatorsOf(mapping.type) }
}

/**
 * The field that a bulk update may write, or why it may not.
 * @param pivot the metadata of the pivot table, for collections
 */
export function mapBulkField (meta: EntityMetadata, prop: EntityProperty, options: FieldOptions = {}, pivot?: EntityMetadata): FieldShape | FieldRefusal {
  if (prop.primary) return refuse('it is the primary key, or a part of it')
  if (prop.version || meta.versionProperty === prop.name) return refuse('it is the version, which every write raises')
  if (prop.generated !== undefined) return refuse('it is generated by the database')
  if (isDiscriminator(meta, prop)) return refuse('it says which class a record is of')
  const field = mapField(meta, prop, options)
  if (isFieldRefusal(field) || field.kind !== 'collection') return field
  if (prop.orphanRemoval) return refuse('a member that is removed from it would be deleted (orphanRemoval)')
  const required = requiredInPivot(prop, pivot)
  return required === undefined ? field : refuse(`its pivot table has a required column of its own, ${required.name}`)
}

/** The field that a filter may ask for, or why it may not: a scalar or a to-one reference. */
export function mapFilterField (meta: EntityMetadata, prop: EntityProperty, options: FieldOptions = {}): FieldShape | FieldRefusal {
  const field = mapField(meta, prop, options)
  if (isFieldRefusal(field)) return field
  if (field.kind === 'collection') return refuse('it is a collection; filters take scalars and to-one references')
  if (field.kind === 'embedded') return refuse('it is an embedded object; filters take scalars and to-one references')
  return field
}
