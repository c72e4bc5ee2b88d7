import { namesOf } from './api.js'
import { learnChoices } from './choices.js'
import { count, element, number } from './elements.js'
import { labelsOf } from './words.js'

const namedAtMost = 20
/** What people call the records of a table. */
const tables = { city_tags: 'tags on these cities' }

const effects = { cascade: 'would be deleted too', block: 'would prevent the delete', set_null: 'would lose the reference', set_default: 'would lose the reference' }

/**
 * A preview of what an operation would do.
 *
 * @param {object} preview as the dry run returns it
 * @param {object} options
 * @param {ReturnType<import('./verdict.js').verdictOf>} options.verdict
 * @param {import('./words.js').Field[]} options.fields to label fields and values as the form does
 * @param {Node | null} [options.confirmation] what the user has to fill in first
 */
export async function previewOf ({ count: size, sample, failures, conflicts, conflictCount, cascades }, { verdict, fields, confirmation = null }) {
  const names = await namesOf([...new Set([...sample, ...failures, ...conflicts].map(({ id }) => id))].slice(0, namedAtMost))
  await Promise.all(fields.map((field) => learnChoices(field, sample.map(({ before }) => before[field.name]).filter((value) => value !== undefined))))
  const nameOf = (id) => names.get(id) ?? `City ${id}`
  return element('div', { class: 'preview' },
    element('div', { class: verdict.isRefused ? 'verdict refused' : 'verdict' }, element('p', {}, element('strong', {}, verdict.headline)),
      verdict.reasons.map((reason) => element('p', {}, reason))),
    groups(failures, ({ message, code }) => message ?? code).map(([reason, group]) =>
      warning(`${count(group.length)}: ${reason}`, group.map(({ id }) => nameOf(id)))),
    conflictCount > 0 && warning(`${count(conflictCount)}: in another job`, conflicts.map(({ id }) => nameOf(id)), conflictCount),
    cascades.length > 0 && element('ul', { class: 'cascades' }, cascades.map(({ table, effect, count: touched }) =>
      element('li', {}, `${number(touched)} ${tables[table] ?? `of ${table}`} ${effects[effect]}`))),
    confirmation,
    sample.length > 0 && sampleTable(sample, size, nameOf, labelsOf(fields)))
}

function sampleTable (sample, size, nameOf, labels) {
  const fields = [...new Set(sample.flatMap(({ before, after }) => Object.keys(after ?? before)))]
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Cities' }, element('table', {},
    element('caption', {}, sample.length < size ? `The first ${sample.length} of ${count(size)}` : sample.every(({ after }) => after === null) ? 'As they are' : 'Before and after'),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'City'), fields.map((name) => element('th', { scope: 'col' }, labels.field(name))))),
    element('tbody', {}, sample.map(({ id, before, after }) => element('tr', {},
      element('th', { scope: 'row' }, nameOf(id)),
      fields.map((name) => element('td', { 'data-label': labels.field(name) },
        element('span', {}, change(labels.value(name, before[name]), after === null ? null : labels.value(name, after[name]))))))))))
}

function change (before, after) {
  if (after === null) return [before]
  return before === after ? [before] : [before !== '–' && element('del', {}, before), ' ', element('ins', {}, after)]
}

function groups (items, keyOf) {
  const found = new Map()
  for (const item of items) found.set(keyOf(item), [...found.get(keyOf(item)) ?? [], item])
  return [...found]
}

function warning (summary, names, size = names.length) {
  const listed = names.slice(0, namedAtMost)
  return element('details', { class: 'warning', open: size <= 5 },
    element('summary', {}, summary),
    element('p', {}, listed.join(', '), listed.length < size && ` and ${number(size - listed.length)} more`))
}
