import { bulkOptions, launch, preview } from './api.js'
import { changeField } from './change-fields.js'
import { buttonRow, cancelButton, openDialog, troubleBox } from './dialog.js'
import { count, element, number, whileBusy, workButton } from './elements.js'
import { previewOf } from './preview.js'
import { verdictOf } from './verdict.js'

/** More than this are deleted only after their number was typed. */
const deletedWithoutTyping = 100

/** What the server does where nothing else is asked for. */
const defaultTerms = { onError: 'rollback', onConflict: 'fail' }

/**
 * Asks for the changes, shows a preview, and launches the job.
 *
 * @param {import('./selection.js').Selection} selection
 * @param {(job: object) => void} launched
 */
export async function openEdit (selection, launched) {
  const dialog = openDialog()
  const heading = `Edit ${count(selection.size)}`
  const options = await loadOptions(dialog, heading, () => openEdit(selection, launched))
  if (options === undefined) return
  const fields = options.fields.map(changeField)
  const terms = termsFields()
  const trouble = troubleBox()
  const submit = element('button', { class: 'button primary', type: 'submit' }, 'Preview')
  const showForm = () => dialog.show(heading, form)

  async function submitted () {
    trouble.say()
    const changed = fields.filter((field) => field.isChanged())
    if (changed.length === 0) return trouble.say('Select at least one field to change.')
    const unfinished = changed.find((field) => field.missing() !== undefined)
    if (unfinished !== undefined) {
      trouble.say(unfinished.missing())
      return unfinished.focus()
    }
    const set = Object.fromEntries(changed.map((field) => [field.name, field.read()]))
    const body = { selection: selection.toBody(), set, ...terms.read() }
    const shown = await preview('update', body).catch((problem) => trouble.say(...linesOf(problem)))
    if (shown !== undefined) await showPreview(dialog, { operation: 'update', title: heading, shown, body, fields: options.fields, launched, back: showForm })
  }

  const form = element('form', {
    onsubmit: (event) => {
      event.preventDefault()
      whileBusy(submit, submitted)
    }
  }, element('fieldset', {}, element('legend', {}, 'Changes'), fields.map((field) => field.row)),
  terms.node, trouble.node, buttonRow(cancelButton(), submit))
  showForm()
}

/** A delete always shows a preview first. */
export async function openDelete (selection, launched) {
  const dialog = openDialog()
  const title = `Delete ${count(selection.size)}?`
  const again = () => openDelete(selection, launched)
  const options = await loadOptions(dialog, title, again)
  if (options === undefined) return
  const body = { selection: selection.toBody(), ...defaultTerms }
  const shown = await preview('delete', body).catch((problem) => showProblem(dialog, problem, again))
  if (shown !== undefined) await showPreview(dialog, { operation: 'delete', title, shown, body, fields: options.fields, launched })
}

async function loadOptions (dialog, heading, again) {
  dialog.show(heading, element('p', { class: 'loading', role: 'status' }, 'Loading …'), buttonRow(cancelButton()))
  return await bulkOptions().catch((problem) => showProblem(dialog, problem, again))
}

function showProblem (dialog, problem, again) {
  dialog.show('Something went wrong', ...linesOf(problem).map((line) => element('p', { class: 'trouble', role: 'alert' }, line)),
    buttonRow(cancelButton('Close'), workButton('Try again', again, 'primary')))
}

async function showPreview (dialog, { operation, title, shown, body, fields, launched, back }) {
  const verdict = verdictOf(shown, body, operation)
  const trouble = troubleBox()
  const isDelete = operation === 'delete'
  const typed = isDelete ? typedNumber(Math.max(0, ...verdict.choices.map((choice) => choice.count))) : null
  const leave = back === undefined ? cancelButton(verdict.choices.length === 0 ? 'Close' : 'Cancel') : workButton('Back', back)

  const choiceButtons = (choices) => choices.map(({ label, terms }, index) => {
    const button = workButton(label, () => go(terms), index === 0 ? (isDelete ? 'danger' : 'primary') : '')
    typed?.guard(button)
    return button
  })
  async function go (terms) {
    trouble.say()
    try {
      // Executes the frozen selection of the preview; records that match only since then are not included.
      const job = await launch(operation, { ...body, ...terms, selection: { previewId: shown.previewId } })
      dialog.close()
      launched(job)
    } catch (problem) {
      trouble.say(...linesOf(problem))
      // Records that were free in the preview may have been locked since.
      if (problem.problem?.code === 'records_locked') buttons.replaceChildren(leave, ...choiceButtons(lockedChoices(terms)).reverse())
    }
  }
  const buttons = buttonRow(leave, choiceButtons(verdict.choices).reverse())
  const confirmation = verdict.choices.length > 0 ? typed?.node : undefined
  dialog.show(title, await previewOf(shown, { verdict, fields, confirmation }), trouble.node, buttons)
  // Whoever deletes by mistake has pressed Enter only.
  if (isDelete && dialog.isOpen()) leave.focus({ preventScroll: true })
}

function lockedChoices (terms) {
  return [{ label: 'Leave them out', terms: { ...terms, onConflict: 'skip' } }, { label: 'Wait for them', terms: { ...terms, onConflict: 'wait' } }]
}

/** A field for the number of records; null where there are few. */
function typedNumber (size) {
  if (size <= deletedWithoutTyping) return null
  const guarded = []
  const input = element('input', { type: 'text', id: 'typed-number', inputmode: 'numeric', autocomplete: 'off' })
  const update = () => {
    const isRight = input.value.replaceAll(/[\s.,]/g, '') === String(size)
    for (const button of guarded) button.setAttribute('aria-disabled', String(!isRight))
  }
  input.addEventListener('input', update)
  return {
    node: element('label', { class: 'field typed', for: 'typed-number' }, `Type ${number(size)} to delete so many`, input),
    guard (button) {
      guarded.push(button)
      update()
    }
  }
}

/** How the job handles failures and conflicts. The first choice of each is the default of the server. */
function termsFields () {
  const onError = select('If a city cannot be changed', { rollback: 'change none', stop: 'stop, and keep earlier changes', continue: 'change the others' })
  const onConflict = select('If another job is working on a city', { fail: 'do not start', skip: 'leave it out', wait: 'wait for it' })
  const reason = element('input', { type: 'text', maxlength: 1000, placeholder: 'Shown with the job' })
  return {
    node: element('fieldset', { class: 'terms' }, element('legend', {}, 'Options'), onError.node, onConflict.node,
      element('label', { class: 'field grow' }, 'Reason', reason)),
    read: () => ({ onError: onError.read(), onConflict: onConflict.read(), ...(reason.value.trim() !== '' && { reason: reason.value.trim() }) })
  }
}

function select (label, choices) {
  const chosen = element('select', {}, Object.entries(choices).map(([value, text]) => element('option', { value }, text)))
  return { node: element('label', { class: 'field' }, label, chosen), read: () => chosen.value }
}

/** An error in a few lines, one for each validation error. */
function linesOf ({ message, problem: { errors = [], conflictCount, code } = {} }) {
  if (errors.length > 0) return errors.map((one) => `${one.path.replace(/^.*\//, '')}: ${one.message}`)
  if (code === 'count_mismatch') return ['Other cities match by now than when you selected them. Close this, and select them again.']
  if (code === 'preview_not_found') return ['This preview is too old. Close it, and start again.']
  return conflictCount === undefined ? [message] : [`${count(conflictCount)} ${conflictCount === 1 ? 'is' : 'are'} in another job.`]
}
