import neostandard from 'neostandard'
import { wings } from './test/wings.ts'

// Imports flow one way: schemas → src → plugins → openapi → examples. Tests may import everything, nothing imports them.
const folders = ['schemas', 'src', 'plugins', 'openapi', 'examples']

/** What a folder may not import: the folders after it, the tests, and what is given besides. */
function direction (folder, restrictions = []) {
  const later = folders.slice(folders.indexOf(folder) + 1)
  return {
    name: `powercrud/direction-of-${folder}`,
    files: [`${folder}/**/*.ts`],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        patterns: [
          {
            regex: `^(\\.\\./)+(${[...later, 'test'].join('|')})/`,
            message: `Imports flow one way: schemas → src → plugins → openapi → examples; ${folder} may not look ahead.`
          },
          ...restrictions
        ]
      }]
    }
  }
}

/** One zone per wing: what it may not import. The restrictions of src as a whole are repeated, since the last rule that matches a file wins. */
function zone (wing, ownPatterns, files = [`src/${wing}/**/*.ts`]) {
  const rank = wings.findIndex((row) => row.includes(wing))
  const above = wings.flatMap((row, index) => index >= rank ? row.filter((other) => other !== wing) : [])
  const order = wings.map((row) => row.join(', ')).join(' → ')
  return {
    name: `powercrud/wing-${wing}`,
    files,
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        patterns: [
          ...ownPatterns,
          ...above.length === 0 ? [] : [{ regex: `^(\\./|(\\.\\./)+)(${above.join('|')})/`, message: `The wings of src import one way: ${order}; ${wing} may not import what is above or beside it.` }]
        ]
      }]
    }
  }
}

const noBareErrors = ['Error', 'TypeError', 'RangeError'].map((name) => ({
  selector: `NewExpression[callee.name='${name}']`,
  message: 'Every error of the package is made in src/errors.ts, with a code and a status.'
}))

const src = direction('src', [
  {
    regex: '^(fastify|fastify-plugin|@fastify/(?!error$).+)$',
    allowTypeImports: true,
    message: 'src knows nothing of Fastify at run time, @fastify/error apart: a worker runs without a server.'
  }
])
const patternsOfSrc = src.rules['@typescript-eslint/no-restricted-imports'][1].patterns

export default [
  ...neostandard({ ts: true, noJsx: true, ignores: ['dist', 'coverage', '.tap', '.data', 'openapi/clients'] }),
  {
    name: 'powercrud/all',
    rules: {
      // `const Job = Type.Object(…)` beside `type Job = Static<typeof Job>` is how the schemas are written.
      'no-redeclare': 'off',
      '@typescript-eslint/no-redeclare': 'off',
      // `void promise` as a statement says that it is on purpose not waited for.
      'no-void': ['error', { allowAsStatement: true }]
    }
  },
  {
    name: 'powercrud/typescript',
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error'
    }
  },
  direction('schemas', [
    {
      regex: '^(?!\\.|@sinclair/typebox(/|$)|@mikro-orm/)',
      message: 'schemas imports TypeBox and nothing else, so that a client can import it.'
    },
    { regex: '^@mikro-orm/', allowTypeImports: true, message: 'schemas knows only the types of MikroORM.' }
  ]),
  src,
  ...wings.flat().map((wing) => zone(wing, patternsOfSrc)),
  zone('the ground', patternsOfSrc, ['src/*.ts', 'src/validation/*.ts']),
  direction('plugins'),
  direction('openapi'),
  direction('examples'),
  {
    name: 'powercrud/errors',
    files: ['schemas/**/*.ts', 'src/**/*.ts', 'plugins/**/*.ts'],
    ignores: ['src/errors.ts'],
    rules: { 'no-restricted-syntax': ['error', ...noBareErrors] }
  },
  {
    name: 'powercrud/tests-do-not-sleep',
    files: ['test/**/*.test.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['timers/promises', 'node:timers/promises'].map((name) => ({ name, message: 'Tests wait on signals, or with until() for a condition.' })) }],
      'no-restricted-syntax': ['error', {
        selector: "NewExpression[callee.name='Promise'] CallExpression[callee.name='setTimeout']",
        message: 'Tests wait on signals, or with until() for a condition.'
      }]
    }
  }
]
