import { element } from './elements.js'

/**
 * The row of the form for one editable field, built from what `bulk-options` tells of it: a box that says whether it is
 * changed at all, and a control that fits its values.
 *
 * @returns {{ row: HTMLElement, name: string, label: string, read: () => unknown, describe: () => string }} `read` answers undefined while
 *   the field is not to be changed
 */
export function changeField (field) {
  const control = controlOf(field)
  const box = element('input', { type: 'checkbox', id: `change-${field.name}` })
  control.node.setAttribute('aria-labelledby', `label-${field.name}`)
  // Who touches the control wants the change.
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
  if (field.type === 'boolean') return choiceControl({ ...field, choices: { items: [{ value: true, label: 'Yes' }, { value: false, label: 'No' }] } })
  if (['instant', 'datetime', 'timestamp'].includes(field.type)) return instantControl(field)
  if (['integer', 'number'].includes(field.type)) return numberControl(field)
  return textControl(field)
}

const nothing = 'nothing'

/** Which entry of the list is chosen is kept as its place, so that values of any type come back as they were. */
function choiceControl ({ choices, nullable }) {
  const items = nullable ? [{ value: null, label: `(${nothing})` }, ...choices.items] : choices.items
  const node = element('select', {}, items.map(({ label }, place) => element('option', { value: place }, label)))
  const chosen = () => items[Number(node.value)]
  return { node, read: () => chosen().value, describe: () => chosen().label }
}

function numberControl ({ nullable, schema }) {
  const { minimum, maximum } = schema
  const node = element('input', { type: 'number', step: schema.type === 'integer' ? 1 : 'any', min: minimum, max: maximum, ...emptyHint(nullable) })
  return { node, read: () => node.value === '' && nullable ? null : node.valueAsNumber, describe: () => node.value || nothing }
}

function instantControl ({ nullable }) {
  const node = element('input', { type: 'datetime-local', step: 60, title: nullable ? 'Empty: nothing' : undefined })
  return { node, read: () => node.value === '' ? null : new Date(node.value).toISOString(), describe: () => node.value.replace('T', ' ') || nothing }
}

function textControl ({ nullable, schema }) {
  const node = element('textarea', { rows: 2, maxlength: schema.maxLength, ...emptyHint(nullable) })
  return { node, read: () => node.value === '' && nullable ? null : node.value, describe: () => node.value || nothing }
}

function emptyHint (nullable) {
  return nullable ? { placeholder: 'Empty: nothing' } : { required: true }
}

/** Each choice stays, is added, or is taken away; or the chosen ones take the place of all. */
function collectionControl ({ name, choices }) {
  const ways = ['keep', 'add', 'remove']
  const rows = choices.items.map(({ value, label }, place) => {
    const radios = ways.map((way) => element('input', { type: 'radio', name: `${name}-${place}`, value: way, checked: way === 'keep' }))
    const node = element('div', { class: 'ways', role: 'radiogroup', 'aria-label': label }, element('span', {}, label),
      radios.map((radio) => element('label', {}, radio, ` ${radio.value}`)))
    return { value, label, node, way: () => radios.find((radio) => radio.checked).value }
  })
  const replace = element('input', { type: 'checkbox' })
  const node = element('div', { class: 'collection', role: 'group' }, rows.map((row) => row.node),
    element('label', {}, replace, ' Replace all by those added'))
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
      : [labels('add') && `add ${labels('add')}`, labels('remove') && `remove ${labels('remove')}`].filter(Boolean).join('; ') || 'as it is'
  }
}
