import { choiceFinder } from './choices.js'
import { combobox } from './combobox.js'
import { element } from './elements.js'

/**
 * The row of the form for one editable field, built from its description in `bulk-options`: a checkbox for whether it is
 * changed, and a control that fits its type.
 *
 * @returns {{ row: HTMLElement, name: string, isChanged: () => boolean, read: () => unknown, missing: () => string | undefined, focus: () => void }}
 *   `missing` says what is still to be chosen or filled in
 */
export function changeField (field) {
  const control = controlOf(field)
  const box = element('input', { type: 'checkbox', id: `change-${field.name}` })
  // Using the control implies the change.
  for (const kind of ['input', 'choose']) control.node.addEventListener(kind, () => { box.checked = true })
  const row = element('div', { class: 'change' },
    element('label', { class: 'change-label', for: box.id }, box, element('span', { id: `label-${field.name}` }, field.label)),
    control.node)
  return {
    row,
    name: field.name,
    isChanged: () => box.checked,
    read: control.read,
    missing: () => box.checked ? control.missing?.() : undefined,
    focus: () => control.focus?.() ?? row.querySelector('input:not([type=checkbox]), textarea')?.focus()
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

function choiceControl (field) {
  const find = choiceFinder(field)
  const none = { value: null, label: 'None' }
  const list = combobox({
    id: `choice-${field.name}`,
    labelledBy: `label-${field.name}`,
    placeholder: 'Choose …',
    find: field.nullable ? (request) => withNone(find(request), none, request) : find,
    onChoose: () => list.node.dispatchEvent(new Event('choose'))
  })
  return {
    node: list.node,
    read: () => list.chosen()?.value,
    missing: () => list.chosen() === undefined ? `${field.label}: choose a value.` : undefined,
    focus: () => list.input.focus()
  }
}

/** What can be empty has that as its first choice, while nothing is searched for. */
function withNone (found, none, { search, cursor }) {
  const add = ({ items, nextCursor }) => ({ items: search === '' && cursor === undefined ? [none, ...items] : items, nextCursor })
  return found instanceof Promise ? found.then(add) : add(found)
}

function numberControl ({ name, label, nullable, schema }) {
  const { minimum, maximum } = schema
  const node = element('input', {
    type: 'number', step: schema.type === 'integer' ? 1 : 'any', min: minimum, max: maximum, ...labelled(name), ...emptyHint(nullable)
  })
  return { node, read: () => node.value === '' ? null : node.valueAsNumber, missing: needed(node, label, nullable), focus: () => node.focus() }
}

function instantControl ({ name, label, nullable }) {
  const node = element('input', { type: 'datetime-local', step: 60, title: nullable ? 'Leave empty for none' : undefined, ...labelled(name) })
  return {
    node, read: () => node.value === '' ? null : new Date(node.value).toISOString(), missing: needed(node, label, nullable), focus: () => node.focus()
  }
}

function textControl ({ name, label, nullable, schema }) {
  const node = element('textarea', { rows: 2, maxlength: schema.maxLength, ...labelled(name), ...emptyHint(nullable) })
  return { node, read: () => node.value === '' && nullable ? null : node.value, missing: needed(node, label, nullable), focus: () => node.focus() }
}

function labelled (name) {
  return { 'aria-labelledby': `label-${name}` }
}

function emptyHint (nullable) {
  return nullable ? { placeholder: 'Leave empty for none' } : {}
}

function needed (node, label, nullable) {
  return () => node.value === '' && !nullable ? `${label}: fill it in.` : undefined
}

/** A list longer than this is searched, and shows only what is to be added or removed. */
const listedAtMost = 12

/** Each choice is kept, added or removed; or the added ones replace all. */
function collectionControl (field) {
  const rows = []
  const list = element('div', { class: 'ways-list' })
  const addRow = ({ value, label }, way = 'keep') => {
    const known = rows.find((row) => JSON.stringify(row.value) === JSON.stringify(value))
    if (known !== undefined) return known
    const made = wayRow(`${field.name}-${rows.length}`, value, label, way)
    rows.push(made)
    list.append(made.node)
    return made
  }
  const isShort = field.choices.nextCursor === null && field.choices.items.length <= listedAtMost
  if (isShort) field.choices.items.forEach((choice) => addRow(choice))
  const search = isShort ? null : searchOf(field, (choice) => addRow(choice, 'add').node.dispatchEvent(new Event('input', { bubbles: true })))
  const replace = element('input', { type: 'checkbox' })
  const node = element('div', { class: 'collection', role: 'group', ...labelled(field.name) }, search, list,
    element('label', { class: 'replace' }, replace, 'Replace all with those added'))
  const values = (way) => rows.filter((row) => row.way() === way).map((row) => row.value)
  return {
    node,
    read: () => replace.checked
      ? { replace: values('add') }
      : Object.fromEntries(['add', 'remove'].filter((way) => values(way).length > 0).map((way) => [way, values(way)])),
    missing: () => replace.checked || values('keep').length < rows.length ? undefined : `${field.label}: choose what to add or remove.`
  }
}

function searchOf (field, add) {
  const list = combobox({
    id: `choice-${field.name}`,
    labelledBy: `label-${field.name}`,
    placeholder: 'Choose …',
    find: choiceFinder(field),
    onChoose: (choice) => {
      list.clear()
      add(choice)
    }
  })
  return list.node
}

function wayRow (name, value, label, chosen) {
  const radios = ['keep', 'add', 'remove'].map((way) => element('input', { type: 'radio', name, value: way, checked: way === chosen }))
  const node = element('div', { class: 'ways', role: 'radiogroup', 'aria-label': label }, element('span', {}, label),
    radios.map((radio) => element('label', {}, radio, radio.value)))
  return { value, node, way: () => radios.find((radio) => radio.checked).value }
}
