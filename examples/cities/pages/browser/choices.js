import { choicesOf } from './api.js'

/**
 * Finds choices of a field: in its list where that is complete, else on the server. What is found is added to the field's
 * choices, so that a preview knows the labels.
 */
export function choiceFinder (field) {
  const { choices } = field
  if (choices.nextCursor === null) {
    return ({ search }) => ({ items: choices.items.filter(({ label }) => label.toLowerCase().includes(search.toLowerCase())), nextCursor: null })
  }
  return async ({ search, cursor }) => {
    const found = await choicesOf(field.name, { search, cursor })
    remember(choices.items, found.items)
    return found
  }
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
