import { count, element, number } from './elements.js'

/** What an operation would do, before it is done. */
export function previewOf ({ count: size, sample, failures, conflicts, cascades }) {
  return element('div', { class: 'preview' },
    element('p', {}, element('strong', {}, `Exactly ${count(size)}`), size === 1 ? ' is taken' : ' are taken', ', even if others come to match meanwhile.'),
    sample.length > 0 && sampleTable(sample, size),
    warning('would fail', failures.length, failures.map(({ id, message, code }) => `City ${id}: ${message ?? code}`)),
    warning('held by another job', conflicts.length, conflicts.map(({ id, operation }) => `City ${id}: ${operation}`)),
    cascades.length > 0 && element('ul', {}, cascades.map(({ entity, effect, count: touched }) =>
      element('li', {}, `${number(touched)} ${entity} ${effect === 'delete' ? 'would go too' : 'would lose the reference'}`))))
}

function sampleTable (sample, size) {
  const fields = [...new Set(sample.flatMap(({ before, after }) => Object.keys(after ?? before)))]
  return element('div', { class: 'scroll' }, element('table', {},
    element('caption', {}, sample.length < size ? `The first ${sample.length} of them` : 'All of them'),
    element('thead', {}, element('tr', {}, element('th', { scope: 'col' }, 'City'), fields.map((name) => element('th', { scope: 'col' }, name)))),
    element('tbody', {}, sample.map(({ id, before, after }) => element('tr', {},
      element('th', { scope: 'row' }, shown(id)),
      fields.map((name) => element('td', {}, change(before[name], after?.[name], after === null))))))))
}

function change (before, after, gone) {
  if (gone) return [element('del', {}, shown(before))]
  if (JSON.stringify(before) === JSON.stringify(after)) return [shown(before)]
  return [element('del', {}, shown(before)), ' ', element('ins', {}, shown(after))]
}

function shown (value) {
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(shown).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function warning (what, size, lines) {
  if (size === 0) return null
  return element('details', { class: 'warning', open: size <= 5 },
    element('summary', {}, `${count(size)} ${what}`), element('ul', {}, lines.map((line) => element('li', {}, line))))
}
