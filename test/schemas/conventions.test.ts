import t from 'tap'
import { sharedComponents } from '../../schemas/components.ts'
import { resolveOptions } from '../../src/app/options/index.ts'
import { discover } from './discover.ts'
import { Exotic, exoticEntities } from './exotic-entities.ts'

interface Node { readonly [keyword: string]: unknown }

const bulkFields = ['whole', 'big', 'price', 'name', 'at', 'status', 'words', 'extra', 'home', 'work', 'past', 'tag', 'spot', 'tags']
const filterFields = ['whole', 'name', 'at', 'status', 'extra', 'tag', 'spot', 'id']
const { resources } = resolveOptions({
  orm: discover(exoticEntities), resources: { exotics: { entity: Exotic, path: '/exotics', bulkFields, filterFields, bulkDelete: true } }
})
const components = [...sharedComponents(), ...resources.exotics!.schemas.components]

/** Every schema inside a schema, with its path. */
function * nodes (schema: Node, path: string): Generator<[path: string, node: Node]> {
  yield [path, schema]
  for (const [name, member] of Object.entries(schema.properties as Node ?? {})) yield * nodes(member as Node, `${path}.${name}`)
  for (const [index, branch] of (schema.anyOf as Node[] ?? []).entries()) yield * nodes(branch, `${path}|${index}`)
  if (schema.items !== undefined) yield * nodes(schema.items as Node, `${path}[]`)
}

const all = components.flatMap((component) => [...nodes(component, component.$id!)])

t.test('names are unique, and carry the prefix', async (t) => {
  const names = components.map(({ $id }) => $id!)
  t.equal(new Set(names).size, names.length)
  for (const name of [...names, ...sharedComponents('Acme').map(({ $id }) => $id!)]) t.match(name, /^(Powercrud|Acme)[A-Z]/)
})

t.test('every reference leads to a named schema', async (t) => {
  const names = components.map(({ $id }) => `${$id}#`)
  const references = all.flatMap(([path, { $ref }]) => $ref === undefined ? [] : [{ path, $ref }])
  t.ok(references.length > 0)
  for (const { path, $ref } of references) t.ok(names.includes($ref as string), `${path} refers to ${$ref}`)
})

t.test('objects are closed', async (t) => {
  for (const [path, node] of all) {
    if (node.type === 'object' && node.patternProperties === undefined) t.equal(node.additionalProperties, false, path)
  }
})

t.test('nothing has a default or asks for unique items', async (t) => {
  for (const [path, node] of all) t.notOk('default' in node || 'uniqueItems' in node, path)
})

t.test('null is always a branch of a union', async (t) => {
  for (const [path, node] of all) if (Array.isArray(node.type)) t.notOk(node.type.includes('null'), path)
})

t.test('every member says what it is', async (t) => {
  for (const component of components) {
    t.type(component.description, 'string', component.$id!)
    for (const [name, member] of Object.entries(component.properties as Record<string, Node> ?? {})) {
      t.ok(member.description !== undefined || member.$ref !== undefined, `${component.$id}.${name}`)
    }
  }
})
