import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FastifyInstance } from 'fastify'
import LowestFastify from 'fastify-lowest'
import t from 'tap'
import ts from 'typescript'
import { contract } from './contract.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

t.test('fastify-lowest is the lowest version that the package allows', async (t) => {
  const { peerDependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  t.equal(peerDependencies.fastify, `^${LowestFastify().version}`)
  t.equal(devDependencies['fastify-lowest'], `npm:fastify@${LowestFastify().version}`)
})

t.test('the HTTP contract: an application on the lowest Fastify', (t) =>
  contract(t, { mode: 'postgres', host: 'foreign', createApp: () => LowestFastify() as unknown as FastifyInstance }))

t.test('the types compile against the lowest Fastify', async (t) => {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(`${root}tsconfig.json`, ts.sys.readFile).config, ts.sys, root)
  const application = `${root}test/plugins/application.ts`
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile } = host
  host.fileExists = (name) => name === application || fileExists(name)
  host.readFile = (name) => name === application ? applicationCode : readFile(name)
  // What imports `fastify`, other plugins included, gets the lowest one, as where no other is installed.
  host.resolveModuleNameLiterals = (literals, file, redirected, _options, source) => literals.map((literal) =>
    ts.resolveModuleName(literal.text === 'fastify' ? 'fastify-lowest' : literal.text, file, options, host, undefined, redirected, ts.getModeForUsageLocation(source, literal, options)))
  const program = ts.createProgram({ rootNames: [application], options, host })
  t.same(ts.getPreEmitDiagnostics(program).map(({ messageText, file }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`), [])
  const files = program.getSourceFiles().map(({ fileName }) => fileName)
  t.ok(files.some((name) => name.endsWith('/node_modules/fastify-lowest/fastify.d.ts')))
  t.notOk(files.some((name) => name.endsWith('/node_modules/fastify/fastify.d.ts')))
})

const applicationCode = `
  import Fastify from 'fastify'
  import type { MikroORM } from '@mikro-orm/postgresql'
  import powercrudAsync from '../../plugins/index.ts'
  import { Item } from '../fixtures/entities.ts'
  declare const orm: MikroORM
  const app = Fastify()
  await app.register(powercrudAsync, {
    orm,
    resources: { items: { entity: Item, path: '/items', bulkFields: ['name'], scope: (request) => ({ id: Number(request.headers['x-id']) }) } },
    user: (request) => ({ id: request.ip, label: request.hostname }),
    authorize: (request, { action }) => request.method === 'GET' || action !== 'delete'
  })
  await app.powercrud.getJob('id')`
