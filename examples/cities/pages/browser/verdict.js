import { count, number } from './elements.js'
import { verbs } from './words.js'

/** A preview lists so many failures at most, and then looks for no more. */
const listedAtMost = 100

/**
 * What would come of an operation, and what can be done: nothing that would fail as a whole is offered.
 *
 * @param {object} preview as the dry run returns it
 * @param {{ onError: string, onConflict: string }} terms
 * @param {'update' | 'delete'} operation
 * @returns {{ headline: string, isRefused: boolean, reasons: string[], choices: Array<{ label: string, count: number, terms: object }> }}
 */
export function verdictOf (preview, { onError, onConflict }, operation) {
  const { label, verb, done } = verbs[operation]
  const { count: size, checkedCount, failures, conflicts, conflictCount } = preview
  const isSure = checkedCount >= size && failures.length < listedAtMost && conflicts.length === conflictCount
  const failing = new Set(failures.map(({ id }) => JSON.stringify(id)))
  const locked = conflicts.map(({ id }) => JSON.stringify(id)).filter((id) => !failing.has(id))
  const rest = size - failing.size
  const restWithoutLocked = rest - locked.length
  const the = (left) => !isSure ? 'the others' : left === 1 ? 'the other city' : `the other ${number(left)}`

  const isConflict = conflictCount > 0 && onConflict === 'fail'
  const isRollback = failures.length > 0 && onError === 'rollback'
  const refused = (reasons, choices) => ({ headline: `Nothing would be ${done}`, isRefused: true, reasons, choices })

  if (size === 0) return refused(['No city is there any more.'], [])
  if (isSure && rest === 0) return refused([size === 1 ? `This city cannot be ${done}.` : `None of these ${count(size)} can be ${done}.`], [])

  const failed = `${count(failures.length)} cannot be ${done}${isSure ? '' : ', and perhaps more'}`
  if (isConflict) {
    const others = isRollback ? { onError: 'continue' } : {}
    return refused([
      `${conflictCount === 1 ? 'Another job is working on 1 city' : `Other jobs are working on ${count(conflictCount)}`}.`,
      ...(isRollback ? [`${failed}.`] : [])
    ], [
      { label: 'Leave them out', count: restWithoutLocked, terms: { onConflict: 'skip', ...others } },
      { label: 'Wait for them', count: rest, terms: { onConflict: 'wait', ...others } }
    ].filter((choice) => choice.count > 0 || !isSure))
  }
  const left = onConflict === 'skip' ? restWithoutLocked : rest
  const changeOthers = { label: `${label} ${the(left)}`, count: left, terms: { onError: 'continue' } }
  if (isRollback) return refused([`${failed}, so none would be.`], left === 0 ? [] : [changeOthers])
  if (failures.length > 0 && onError === 'stop') {
    return {
      headline: `It would stop at a city that cannot be ${done}`,
      isRefused: false,
      reasons: [`${failed}.`],
      choices: [changeOthers, { label: `${label} those before it`, count: left, terms: {} }]
    }
  }
  const skipped = onConflict === 'skip' ? conflictCount : 0
  const reasons = [
    ...(failures.length > 0 ? [`${failed}.`] : []),
    ...(skipped > 0 ? [`${count(skipped)} would be left out, because other jobs are working on them.`] : []),
    ...(conflictCount > 0 && onConflict === 'wait' ? [`It would wait for ${count(conflictCount)} that other jobs are working on.`] : [])
  ]
  return {
    headline: `This would ${verb} ${isSure || failures.length === 0 ? count(left) : `up to ${count(left)}`}`,
    isRefused: false,
    reasons,
    choices: left === 0 ? [] : [{ label: `${label} ${count(left)}`, count: left, terms: {} }]
  }
}
