import { choicesOf } from './api.js'
import { element } from './elements.js'

const pauseMs = 200

/**
 * A search box and a button for more, for a list of choices that is too long to show at once; null for a complete list.
 *
 * @param {object} field as `bulk-options` returns it. Matches are added to its choices, so that a preview knows their labels.
 * @param {(items: Array<{ value: unknown, label: string }>) => void} show shows these choices, and no others
 */
export function choiceSearch (field, show) {
  if (field.choices.nextCursor === null) return null
  let shown = field.choices.items.slice()
  let { nextCursor } = field.choices
  let latest = 0
  let timer
  const box = element('input', { type: 'search', placeholder: 'Search …', 'aria-label': `Search ${field.label}`, autocomplete: 'off' })
  const more = element('button', { class: 'button quiet', type: 'button', onclick: () => ask(nextCursor) }, 'More')
  const trouble = element('span', { class: 'trouble', role: 'alert', hidden: true })

  async function ask (cursor) {
    const request = ++latest
    try {
      const found = await choicesOf(field.name, { search: box.value.trim(), cursor })
      // Only the latest request counts: responses may arrive out of order.
      if (request !== latest) return
      shown = cursor ? [...shown, ...found.items] : found.items
      nextCursor = found.nextCursor
      remember(field.choices.items, found.items)
      trouble.hidden = true
      more.hidden = nextCursor === null
      show(shown)
    } catch (problem) {
      trouble.hidden = false
      trouble.textContent = problem.message
    }
  }

  box.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(ask, pauseMs)
  })
  // Enter searches here, instead of submitting the form.
  box.addEventListener('keydown', (event) => { if (event.key === 'Enter') event.preventDefault() })
  return element('div', { class: 'choice-search' }, box, more, trouble)
}

/** Looks up the labels of values that are on no page of choices read so far; without a label the key is shown. */
export async function learnChoices (field, values) {
  if (!field.choices || field.choices.nextCursor === null) return
  const known = new Set(field.choices.items.map(({ value }) => JSON.stringify(value)))
  const unknown = new Set(values.flat().filter((value) => value !== null && !known.has(JSON.stringify(value))))
  await Promise.all([...unknown].map(async (value) => {
    const found = await choicesOf(field.name, { search: String(value) }).catch(() => ({ items: [] }))
    remember(field.choices.items, found.items)
  }))
}

function remember (known, items) {
  const values = new Set(known.map(({ value }) => JSON.stringify(value)))
  known.push(...items.filter(({ value }) => !values.has(JSON.stringify(value))))
}
