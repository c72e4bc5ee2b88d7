import { choiceSearch } from './choice-search.js'
import { element } from './elements.js'

/**
 * The row of the form for one editable field, built from its description in `bulk-options`: a checkbox for whether it is
 * changed, and a control that fits its type.
 *
 * @returns {{ row: HTMLElement, name: string, label: string, read: () => unknown, describe: () => string }} `read` returns undefined
 *   while the field is not to be changed
 */
export function changeField (field) {
  const control = controlOf(field)
  const box = element('input', { type: 'checkbox', id: `change-${field.name}` })
  control.node.setAttribute('aria-labelledby', `label-${field.name}`)
  // Using the control implies the change.
  control.node.addEventListener('input', () => { box.checked = true })
  const row = element('div', { class: 'change' },
    element('label', { class: 'change-label', id: `label-${field.name}`, for: box.id }, box, ` ${field.label}`),
    control.node)
  return {
    row,
    name: field.name,
    label: field.label,
    read: () => box.checked ? control.read() : undefined,
    describe: () => `${field.label}: ${control.describe()}`
  }
}

function controlOf (field) {
  if (field.kind === 'collection') return collectionControl(field)
  if (field.choices !== null) return choiceControl(field)
  if (field.type === 'boolean') return choiceControl({ ...field, choices: { items: [{ value: true, label: 'Yes' }, { value: false, label: 'No' }], nextCursor: null } })
  if (['instant', 'datetime', 'timestamp'].includes(field.type)) return instantControl(field)
  if (['integer', 'number'].includes(field.type)) return numberControl(field)
  return textControl(field)
}

const nothing = 'none'

/**
 * Options are identified by their index, so that values of any type are preserved. The selected one stays in the list
 * whatever is searched for afterwards.
 */
function choiceControl (field) {
  const none = field.nullable ? [{ value: null, label: `(${nothing})` }] : []
  let items = []
  const list = element('select', { 'aria-labelledby': `label-${field.name}` })
  const chosen = () => items[Number(list.value)]
  const fill = (found, kept) => {
    items = [...none, ...(kept === undefined || found.concat(none).some(({ value }) => same(value, kept.value)) ? [] : [kept]), ...found]
    list.replaceChildren(...items.map(({ label }, place) => element('option', { value: place }, label)))
    if (kept !== undefined) list.value = String(items.findIndex(({ value }) => same(value, kept.value)))
  }
  fill(field.choices.items)
  // Until the user has chosen, the first match is selected.
  let touched = false
  list.addEventListener('input', () => { touched = true })
  const search = choiceSearch(field, (found) => {
    fill(found, touched ? chosen() : undefined)
    if (!touched && found.length > 0) list.selectedIndex = none.length
  })
  const node = search === null ? list : element('div', { class: 'long-choice', role: 'group' }, search, list)
  return { node, read: () => chosen()?.value, describe: () => chosen()?.label ?? nothing }
}

function same (one, other) {
  return JSON.stringify(one) === JSON.stringify(other)
}

function numberControl ({ nullable, schema }) {
  const { minimum, maximum } = schema
  const node = element('input', { type: 'number', step: schema.type === 'integer' ? 1 : 'any', min: minimum, max: maximum, ...emptyHint(nullable) })
  return { node, read: () => node.value === '' && nullable ? null : node.valueAsNumber, describe: () => node.value || nothing }
}

function instantControl ({ nullable }) {
  const node = element('input', { type: 'datetime-local', step: 60, title: nullable ? 'Leave empty for none' : undefined })
  return { node, read: () => node.value === '' ? null : new Date(node.value).toISOString(), describe: () => node.value.replace('T', ' ') || nothing }
}

function textControl ({ nullable, schema }) {
  const node = element('textarea', { rows: 2, maxlength: schema.maxLength, ...emptyHint(nullable) })
  return { node, read: () => node.value === '' && nullable ? null : node.value, describe: () => node.value || nothing }
}

function emptyHint (nullable) {
  return nullable ? { placeholder: 'Leave empty for none' } : { required: true }
}

/** Each choice is kept, added or removed; or the added ones replace all. */
function collectionControl (field) {
  const rows = []
  const list = element('div', {})
  const rowOf = ({ value, label }) => {
    const known = rows.find((row) => same(row.value, value))
    if (known !== undefined) return known
    const made = wayRow(`${field.name}-${rows.length}`, value, label)
    rows.push(made)
    list.append(made.node)
    return made
  }
  // Choices to add or remove stay visible, whatever is searched for.
  const show = (items) => {
    const found = new Set(items.map(rowOf))
    for (const row of rows) row.node.hidden = !found.has(row) && row.way() === 'keep'
  }
  show(field.choices.items)
  const search = choiceSearch(field, show)
  const replace = element('input', { type: 'checkbox' })
  const node = element('div', { class: 'collection', role: 'group' }, search, list,
    element('label', {}, replace, ' Replace all with those added'))
  const going = (way) => rows.filter((row) => row.way() === way)
  const values = (way) => going(way).map((row) => row.value)
  const labels = (way) => going(way).map((row) => row.label).join(', ')
  return {
    node,
    read: () => replace.checked
      ? { replace: values('add') }
      : Object.fromEntries(['add', 'remove'].filter((way) => values(way).length > 0).map((way) => [way, values(way)])),
    describe: () => replace.checked
      ? labels('add') || nothing
      : [labels('add') && `add ${labels('add')}`, labels('remove') && `remove ${labels('remove')}`].filter(Boolean).join('; ') || 'no change'
  }
}

function wayRow (name, value, label) {
  const radios = ['keep', 'add', 'remove'].map((way) => element('input', { type: 'radio', name, value: way, checked: way === 'keep' }))
  const node = element('div', { class: 'ways', role: 'radiogroup', 'aria-label': label }, element('span', {}, label),
    radios.map((radio) => element('label', {}, radio, ` ${radio.value}`)))
  return { value, label, node, way: () => radios.find((radio) => radio.checked).value }
}
