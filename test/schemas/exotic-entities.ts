import { defineEntity, p, Type } from '@mikro-orm/core'

/** A custom type over a column type that is known. */
class Money extends Type<string, string> {
  override getColumnType () { return 'numeric(10,2)' }
}

/** A custom type over a column type that is not. */
class SearchVector extends Type<string, string> {
  override getColumnType () { return 'tsvector' }
}

export const Geo = defineEntity({
  name: 'Geo',
  embeddable: true,
  properties: { lat: p.double(), lng: p.double() }
})

export const Address = defineEntity({
  name: 'Address',
  embeddable: true,
  properties: {
    street: p.string().length(30),
    zip: p.string().length(10).nullable(),
    geo: () => p.embedded(Geo).nullable()
  }
})

export const Opaque = defineEntity({
  name: 'Opaque',
  embeddable: true,
  properties: { vector: p.type(SearchVector) }
})

export const Tag = defineEntity({
  name: 'Tag',
  properties: {
    id: p.integer().primary(),
    name: p.string(),
    exotics: () => p.manyToMany(Exotic).mappedBy('tags')
  }
})

export const Spot = defineEntity({
  name: 'Spot',
  properties: {
    row: p.string().length(1).primary(),
    number: p.smallint().primary()
  }
})

/** Every kind of scalar, and every kind of property that cannot be edited. */
export const Exotic = defineEntity({
  name: 'Exotic',
  properties: {
    id: p.integer().primary(),
    flag: p.boolean(),
    small: p.smallint(),
    whole: p.integer().nullable(),
    big: p.bigint(),
    price: p.decimal().precision(10).scale(2),
    ratio: p.double(),
    single: p.float(),
    name: p.string().length(40),
    plain: p.string(),
    body: p.text(),
    letter: p.character().length(3),
    day: p.date(),
    at: p.datetime().nullable(),
    wall: p.string().columnType('timestamp(3)'),
    instantWithoutZone: p.datetime().columnType('timestamp'),
    opens: p.time(),
    lasts: p.interval(),
    ref: p.uuid(),
    status: p.enum(['new', 'done']),
    native: p.enum(['red', 'green']).nativeEnumName('colour'),
    level: p.enum([1, 2, 3]),
    words: p.array(),
    colours: p.enum(['red', 'green']).array(),
    extra: p.json(),
    money: p.type(Money),
    bytes: p.blob(),
    vector: p.type(SearchVector),
    inet: p.string().columnType('inet'),
    home: () => p.embedded(Address).nullable(),
    work: () => p.embedded(Address).object(),
    past: () => p.embedded(Address).array(),
    opaque: () => p.embedded(Opaque),
    tag: () => p.manyToOne(Tag).nullable(),
    spot: () => p.manyToOne(Spot),
    tags: () => p.manyToMany(Tag),
    noted: () => p.manyToMany(Tag).pivotEntity(() => Note),
    owned: () => p.manyToMany(Tag).orphanRemoval(),
    detail: () => p.oneToOne(Detail).nullable(),
    parts: () => p.oneToMany(Part).mappedBy('exotic'),
    either: () => p.manyToOne([Tag, Coded]).nullable(),
    byCode: () => p.manyToOne(Coded).targetKey('code').nullable(),
    version: p.integer().version(),
    shout: p.string().formula((columns) => `upper(${columns.name})`),
    slug: p.string().generated('lower(name) stored'),
    memo: p.string().persist(false),
    updatedAt: p.datetime().onUpdate(() => new Date())
  }
})

/** A pivot table with a column of its own that must be given. */
export const Note = defineEntity({
  name: 'Note',
  properties: {
    exotic: () => p.manyToOne(Exotic).primary(),
    tag: () => p.manyToOne(Tag).primary(),
    text: p.string()
  }
})

export const Detail = defineEntity({
  name: 'Detail',
  properties: {
    id: p.integer().primary(),
    exotic: () => p.oneToOne(Exotic).mappedBy('detail')
  }
})

export const Part = defineEntity({
  name: 'Part',
  properties: {
    id: p.integer().primary(),
    exotic: () => p.manyToOne(Exotic)
  }
})

export const Coded = defineEntity({
  name: 'Coded',
  properties: {
    id: p.integer().primary(),
    code: p.string().unique()
  }
})

/** Its key is a reference. */
export const Profile = defineEntity({
  name: 'Profile',
  properties: {
    exotic: () => p.oneToOne(Exotic).primary(),
    bio: p.text()
  }
})

/** One part of its key is a reference, one is not. */
export const Line = defineEntity({
  name: 'Line',
  properties: {
    exotic: () => p.manyToOne(Exotic).primary(),
    position: p.integer().primary(),
    label: p.string()
  }
})

/** A part of its key refers to a composite key. */
export const Nested = defineEntity({
  name: 'Nested',
  properties: {
    spot: () => p.manyToOne(Spot).primary(),
    position: p.integer().primary()
  }
})

export const Floating = defineEntity({
  name: 'Floating',
  properties: { at: p.double().primary(), label: p.string() }
})

export const Shape = defineEntity({
  name: 'Shape',
  discriminatorColumn: 'kind',
  discriminatorValue: 'shape',
  properties: {
    id: p.integer().primary(),
    kind: p.enum(['shape', 'circle']),
    name: p.string()
  }
})

export const Circle = defineEntity({
  name: 'Circle',
  extends: Shape,
  discriminatorValue: 'circle',
  properties: { radius: p.double() }
})

export const exoticEntities = [
  Geo, Address, Opaque, Tag, Spot, Exotic, Note, Detail, Part, Coded, Profile, Line, Nested, Floating, Shape, Circle
]
