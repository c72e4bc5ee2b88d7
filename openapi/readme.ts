// npm run docs: writes the tables of README.md from the schemas and the list of errors.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rowCodes } from '../schemas/results.ts'
import { optionTable } from '../schemas/options.ts'
import { errorTable } from '../src/errors.ts'

const file = fileURLToPath(new URL('../README.md', import.meta.url))

/** README.md as it should be. */
export function readmeWithTables (text: string): string {
  const { plugin, resource } = optionTable()
  const { problems, jobFailures } = errorTable()
  const options = (rows: typeof plugin) => table(['option', 'default', 'what it does'], rows.map(({ name, default: byDefault, description }) =>
    [`\`${name}\``, byDefault === '' ? '' : `\`${byDefault}\``, description]))
  const tables = {
    options: options(plugin),
    'resource options': options(resource),
    errors: table(['status', 'code', 'when'], problems.filter(({ code }) => !isOnlyOfRows(code)).map(({ status, code, when }) => [String(status), `\`${code}\``, when])),
    'row codes': table(['code', 'when'], problems.filter(({ code }) => isRowCode(code)).map(({ code, when }) => [`\`${code}\``, when])),
    'job errors': table(['code', 'when'], jobFailures.map(({ code, when }) => [`\`${code}\``, when]))
  }
  return Object.entries(tables).reduce((whole, [name, content]) => between(whole, name, content), text)
}

const isRowCode = (code: string) => (rowCodes as readonly string[]).includes(code)

/** Row codes that do not also refuse a request before there is a job. */
const isOnlyOfRows = (code: string) => isRowCode(code) && !['rule_refused', 'stale_version'].includes(code)

function between (text: string, name: string, content: string): string {
  const begin = `<!-- ${name} -->`
  return text.slice(0, text.indexOf(begin) + begin.length) + `\n${content}\n` + text.slice(text.indexOf(`<!-- /${name} -->`))
}

function table (header: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), `|${'---|'.repeat(header.length)}`, ...rows.map(line)].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, readmeWithTables(readFileSync(file, 'utf8')))
