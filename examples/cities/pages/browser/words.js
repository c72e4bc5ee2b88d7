import { learnChoices } from './choices.js'
import { count, number } from './elements.js'

/** @typedef {{ name: string, label: string, choices: { items: Array<{ value: unknown, label: string }> } | null }} Field as in `bulk-options` */

/** What an operation is called: to do, and done. */
export const verbs = {
  update: { label: 'Change', verb: 'change', done: 'changed' },
  delete: { label: 'Delete', verb: 'delete', done: 'deleted' }
}

/** Labels fields and values as the form does, where they are known. */
export function labelsOf (fields) {
  const known = new Map(fields.map((field) => [field.name, field]))
  const value = (name, given) => {
    if (given === null || given === undefined || given.length === 0) return '–'
    if (Array.isArray(given)) return given.map((one) => value(name, one)).join(', ')
    const choice = known.get(name)?.choices?.items.find((item) => JSON.stringify(item.value) === JSON.stringify(given))
    if (choice !== undefined) return choice.label
    if (typeof given === 'object') return JSON.stringify(given)
    return known.get(name)?.type === 'instant' ? moment(given) : String(given)
  }
  return { field: (name) => known.get(name)?.label ?? name, value }
}

/** What a job changes, field by field in the order of the form, as "Status: Verified". */
export async function changesOf (set, fields) {
  const isChange = (name, given) => fields.find((field) => field.name === name)?.kind === 'collection' && given !== null
  const values = (name, given) => isChange(name, given) ? Object.values(given).flat() : [given]
  await Promise.all(fields.filter(({ name }) => name in set).map((field) => learnChoices(field, values(field.name, set[field.name]))))
  const labels = labelsOf(fields)
  const order = fields.map(({ name }) => name)
  return Object.entries(set).sort(([one], [other]) => order.indexOf(one) - order.indexOf(other)).map(([name, given]) => {
    const text = isChange(name, given)
      ? Object.entries(given).map(([way, members]) => `${ways[way]} ${labels.value(name, members)}`).join(', ')
      : given === null ? 'none' : labels.value(name, given)
    return `${labels.field(name)}: ${text}`
  })
}

const ways = { add: 'add', remove: 'remove', replace: 'only' }

/**
 * What a job does, in a line: "Change 6 fields of 8 cities".
 *
 * @param {Field[]} fields
 * @param {object} [undone] the job that it undoes, where that is known
 */
export function titleOf (job, fields, undone) {
  const cities = count(job.counts.total)
  if (job.undoOf !== null) return undone === undefined ? `Undo for ${cities}` : `Undo: ${lowerFirst(titleOf(undone, fields))}`
  const again = job.retryOf === null ? '' : ', again'
  if (job.set === null) return `${verbs[job.operation]?.label ?? job.operation} ${cities}${again}`
  const names = Object.keys(job.set)
  const what = names.length === 1 ? lowerFirst(labelsOf(fields).field(names[0])) : `${names.length} fields`
  return `Change ${what} of ${cities}${again}`
}

function lowerFirst (text) {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** What became of the cities of a job: "3 deleted, 1 failed". */
export function outcomeOf ({ operation, counts, undoOf }, undone) {
  const done = undoOf === null ? verbs[operation]?.done ?? 'done' : undone?.operation === 'delete' ? 'restored' : 'changed back'
  const named = { succeeded: done, unchanged: 'already so', missing: 'no longer there', skipped: 'left out', failed: 'failed' }
  const parts = Object.entries(named).filter(([name]) => counts[name] > 0).map(([name, word]) => `${number(counts[name])} ${word}`)
  return parts.length === 0 ? `Nothing was ${done}` : parts.join(', ')
}

export function timeLeft (seconds) {
  if (seconds === null) return null
  if (seconds < 5) return 'a few seconds left'
  if (seconds < 60) return `about ${Math.ceil(seconds / 5) * 5} seconds left`
  const minutes = Math.round(seconds / 60)
  return minutes === 1 ? 'about a minute left' : `about ${number(minutes)} minutes left`
}

const relative = new Intl.RelativeTimeFormat('en-GB', { numeric: 'auto' })
const moments = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

export function ago (instant, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(instant)) / 1000)
  if (seconds < 45) return 'just now'
  if (seconds < 3600) return relative.format(-Math.max(1, Math.round(seconds / 60)), 'minute')
  return seconds < 86_400 ? relative.format(-Math.round(seconds / 3600), 'hour') : moment(instant)
}

export function moment (instant) {
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? String(instant) : moments.format(date)
}
