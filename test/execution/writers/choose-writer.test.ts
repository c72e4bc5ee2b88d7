import { Cascade, defineEntity, p, type EventSubscriber } from '@mikro-orm/core'
import t from 'tap'
import { subclassesOf } from '../../../src/entities/subclasses.ts'
import { chooseWriters, type WriterFacts } from '../../../src/execution/writers/choose-writer.ts'
import { ArticleListener } from '../../fixtures/hooked.ts'
import { discover, metadataOf } from '../../schemas/discover.ts'

const key = { id: p.integer().primary() }
const Plain = defineEntity({ name: 'Plain', properties: { ...key, name: p.string(), version: p.integer().version(), at: p.datetime().onUpdate(() => new Date()) } })
const Loaded = defineEntity({ name: 'Loaded', hooks: { onLoad: [() => undefined], onInit: [() => undefined], beforeCreate: [() => undefined] }, properties: { ...key } })
const Updated = defineEntity({ name: 'Updated', hooks: { afterUpdate: [() => undefined] }, properties: { ...key } })
const Deleted = defineEntity({ name: 'Deleted', hooks: { beforeDelete: [() => undefined] }, properties: { ...key } })
const Reading = defineEntity({ name: 'Reading', properties: { ...key, name: p.string(), slug: p.string().onUpdate((entity) => entity.name) } })
const Stamp = defineEntity({ name: 'Stamp', embeddable: true, properties: { at: p.datetime().onUpdate(() => new Date()) } })
const Stamped = defineEntity({ name: 'Stamped', properties: { ...key, stamp: () => p.embedded(Stamp) } })

const Base = defineEntity({ name: 'Base', discriminatorColumn: 'kind', properties: { ...key, kind: p.enum(['middle', 'leaf']) }, abstract: true })
const Middle = defineEntity({ name: 'Middle', extends: Base, discriminatorValue: 'middle', properties: { a: p.integer() } })
const Leaf = defineEntity({ name: 'Leaf', extends: Middle, discriminatorValue: 'leaf', hooks: { beforeUpdate: [() => undefined] }, properties: { b: p.integer() } })
const Parent = defineEntity({ name: 'Parent', inheritance: 'tpt', properties: { ...key } })
const Child = defineEntity({ name: 'Child', extends: Parent, properties: { c: p.integer() } })

const House = defineEntity({
  name: 'House',
  properties: {
    ...key,
    rooms: () => p.oneToMany(Room).mappedBy('house').orphanRemoval(),
    guests: () => p.oneToMany(Guest).mappedBy('house').cascade(Cascade.ALL),
    key: () => p.oneToOne(Key).orphanRemoval().nullable()
  }
})
const Room = defineEntity({ name: 'Room', properties: { ...key, house: () => p.manyToOne(House) } })
const Guest = defineEntity({ name: 'Guest', properties: { ...key, house: () => p.manyToOne(House).deleteRule('cascade') } })
const Key = defineEntity({ name: 'Key', properties: { ...key } })
const Yard = defineEntity({ name: 'Yard', properties: { ...key, trees: () => p.oneToMany(Tree).mappedBy('yard').cascade(Cascade.REMOVE), pets: () => p.oneToMany(Pet).mappedBy('yard').orphanRemoval() } })
const Tree = defineEntity({ name: 'Tree', properties: { ...key, yard: () => p.manyToOne(Yard).deleteRule('cascade') } })
const Pet = defineEntity({ name: 'Pet', hooks: { afterDelete: [() => undefined] }, properties: { ...key, yard: () => p.manyToOne(Yard).deleteRule('cascade') } })

const orm = discover([Plain, Loaded, Updated, Deleted, Reading, Stamp, Stamped, Base, Middle, Leaf, Parent, Child, House, Room, Guest, Key, Yard, Tree, Pet])

function choose (entity: unknown, options: Partial<WriterFacts['options']> = {}, subscribers: EventSubscriber[] = []) {
  const meta = metadataOf(orm, entity)
  return chooseWriters({ name: 'things', meta, classes: subclassesOf(meta, orm.getMetadata()), options: { bulkFields: [], bulkFullClean: true, write: 'auto', ...options }, subscribers })
}

const set = { way: 'set', why: 'nothing must run for each record' }
const entity = (why: string) => ({ way: 'entity', why })

t.test('one statement per slice, wherever nothing must run for each record', async (t) => {
  t.same(choose(Plain), { update: set, delete: set }, 'versions and onUpdate without a parameter are ours to honour')
  t.same(choose(Loaded), { update: set, delete: set }, 'what runs on loading and creating is not missed')
  t.same(choose(Plain, { write: 'set' }), { update: set, delete: set })
  t.same(choose(Base), { update: entity('Leaf has a beforeUpdate hook'), delete: set }, 'a record may be of a class that extends it')
})

t.test('what must run sends an entity to the entity path, for the operation at which it runs', async (t) => {
  t.same(choose(Updated), { update: entity('Updated has a afterUpdate hook'), delete: set })
  t.same(choose(Deleted), { update: set, delete: entity('Deleted has a beforeDelete hook') })
  t.same(choose(Reading), { update: entity('onUpdate of slug reads the entity'), delete: set })
  t.match(choose(Stamped).update, { way: 'entity', why: /part of an embedded object/ })
  t.same(choose(Middle).update, entity('Leaf has a beforeUpdate hook'))
  t.same(choose(Child).delete, entity('Child has a table for each of its classes'))
  t.same(choose(Plain, { validate: () => true }), { update: entity('validate looks at each record'), delete: set })
  t.same(choose(Plain, { validate: () => true, bulkFullClean: false }), { update: set, delete: set })
  t.same(choose(Plain, { write: 'entity' }), { update: entity("write is 'entity'"), delete: entity("write is 'entity'") })
})

t.test('subscribers count where they listen to the entity', async (t) => {
  class Loader implements EventSubscriber { onLoad () {} }
  class Flusher implements EventSubscriber { onFlush () {} }
  t.same(choose(Plain, {}, [new ArticleListener([Reading as never]), new Loader()]), { update: set, delete: set })
  t.same(choose(Plain, {}, [new ArticleListener([Plain as never])]), { update: entity('ArticleListener listens to afterUpdate'), delete: set })
  t.same(choose(Plain, {}, [new ArticleListener([])]).update, entity('ArticleListener listens to afterUpdate'))
  t.same(choose(Middle, {}, [new ArticleListener([Leaf as never])]).update.why, 'Leaf has a beforeUpdate hook; ArticleListener listens to afterUpdate')
  t.same(choose(Plain, {}, [new Flusher()]), { update: entity('Flusher listens to onFlush'), delete: entity('Flusher listens to onFlush') })
})

t.test('what MikroORM removes along counts, unless the database does the same and nothing listens', async (t) => {
  t.same(choose(House), {
    update: set, delete: entity('House.rooms cascades: MikroORM removes what belongs to it; House.key cascades: MikroORM removes what belongs to it')
  })
  t.same(choose(House, { bulkFields: ['key'] }).update, entity('key removes orphans'))
  t.same(choose(Yard).delete, entity('Yard.pets cascades: Pet has a afterDelete hook'))
  t.same(choose(Tree).delete, set)
})

t.test('the application\'s own class writes both', async (t) => {
  class Own { writeChunk () {} }
  t.same(choose(Updated, { persistence: Own }), { update: { way: 'persistence', why: 'Own writes it' }, delete: { way: 'persistence', why: 'Own writes it' } })
})

t.test('set cannot be forced where it would leave something out', async (t) => {
  t.throws(() => choose(Updated, { write: 'set' }), {
    code: 'invalid_options',
    message: "resources.things.write: 'set' would leave out what must run for each record of an update: Updated has a afterUpdate hook"
  })
  t.throws(() => choose(House, { write: 'set' }), { code: 'invalid_options', message: /of a delete: House.rooms cascades/ })
  t.throws(() => choose(Plain, { write: 'set', validate: () => true }), { code: 'invalid_options', message: /validate looks at each record/ })
})
