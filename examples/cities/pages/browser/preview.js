import { namesOf } from './api.js'
import { learnChoices } from './choice-search.js'
import { count, element, number } from './elements.js'

const namedAtMost = 20
const effects = { cascade: 'would be deleted too', block: 'would prevent the delete', set_null: 'would lose the reference', set_default: 'would lose the reference' }

/**
 * A preview of what an operation would do.
 *
 * @param {object} preview as the dry run returns it
 * @param {Array<{ name: string, label: string, choices: { items: Array<{ value: unknown, label: string }> } | null }>} fields as `bulk-options` returns
 *   them, to label fields and values as the form does
 */
export async function previewOf ({ count: size, sample, failures, conflicts, conflictCount, cascades }, fields) {
  const names = await namesOf([...new Set([...sample, ...failures, ...conflicts].map(({ id }) => id))].slice(0, namedAtMost))
  await Promise.all(fields.map((field) => learnChoices(field, sample.map(({ before }) => before[field.name]).filter((value) => value !== undefined))))
  const nameOf = (id) => names.get(id) ?? `City ${id}`
  return element('div', { class: 'preview' },
    element('p', {}, element('strong', {}, `Exactly ${count(size)}`), size === 1 ? ' is affected' : ' are affected', ', even if more match by then.'),
    sample.length > 0 && sampleTable(sample, size, nameOf, wordsOf(fields)),
    warning('would fail', failures.length, failures.map(({ id, message, code }) => `${nameOf(id)}: ${message ?? code}`)),
    warning('locked by another job', conflictCount, conflicts.map(({ id, operation }) => `${nameOf(id)}: ${operation}`)),
    cascades.length > 0 && element('ul', {}, cascades.map(({ table, effect, count: touched }) =>
      element('li', {}, `${number(touched)} of ${table} ${effects[effect]}`))))
}

function sampleTable (sample, size, nameOf, words) {
  const fields = [...new Set(sample.flatMap(({ before, after }) => Object.keys(after ?? before)))]
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Before and after' }, element('table', {},
    element('caption', {}, sample.length < size ? `The first ${sample.length} of them` : 'All of them'),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'City'), fields.map((name) => element('th', { scope: 'col' }, words.field(name))))),
    element('tbody', {}, sample.map(({ id, before, after }) => element('tr', {},
      element('th', { scope: 'row' }, nameOf(id)),
      fields.map((name) => element('td', {}, change(words.value(name, before[name]), after === null ? null : words.value(name, after[name])))))))))
}

function change (before, after) {
  if (after === null) return [element('del', {}, before)]
  return before === after ? [before] : [element('del', {}, before), ' ', element('ins', {}, after)]
}

/** Labels fields and values as the form does, where they are known. */
function wordsOf (fields) {
  const known = new Map(fields.map((field) => [field.name, field]))
  const value = (name, given) => {
    if (given === null || given === undefined || given.length === 0) return '–'
    if (Array.isArray(given)) return given.map((one) => value(name, one)).join(', ')
    const choice = known.get(name)?.choices?.items.find((item) => JSON.stringify(item.value) === JSON.stringify(given))
    return choice?.label ?? (typeof given === 'object' ? JSON.stringify(given) : String(given))
  }
  return { field: (name) => known.get(name)?.label ?? name, value }
}

function warning (what, size, lines) {
  if (size === 0) return null
  return element('details', { class: 'warning', open: size <= 5 },
    element('summary', {}, `${count(size)} ${what}`), element('ul', {}, lines.map((line) => element('li', {}, line)), lines.length < size && element('li', {}, '… and more')))
}
