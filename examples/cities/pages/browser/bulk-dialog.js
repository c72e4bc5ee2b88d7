import { bulkOptions, launch, preview } from './api.js'
import { changeField } from './change-fields.js'
import { count, element, find } from './elements.js'
import { previewOf } from './preview.js'

const dialog = () => find('#bulk-dialog')

/**
 * Asks for the changes, shows a preview, and launches the job.
 *
 * @param {import('./selection.js').Selection} selection
 * @param {(job: object, title: string) => void} launched
 */
export async function openEdit (selection, launched) {
  const heading = `Edit ${count(selection.size)}`
  show(heading, element('p', {}, 'Loading …'))
  const options = await bulkOptions().catch(showTrouble)
  if (options === undefined) return
  const fields = options.fields.map(changeField)
  const terms = optionFields()
  const trouble = element('p', { class: 'trouble', role: 'alert', hidden: true })
  const form = element('form', {
    method: 'dialog',
    onsubmit: async (event) => {
      event.preventDefault()
      const changed = fields.filter((field) => field.read() !== undefined)
      if (changed.length === 0) return tell(trouble, 'Select at least one field to change.')
      const set = Object.fromEntries(changed.map((field) => [field.name, field.read()]))
      await showPreview('update', { selection: selection.toBody(), set, ...terms.read() }, {
        title: `${changed.map((field) => field.describe()).join(', ')} – ${count(selection.size)}`,
        verb: 'Change',
        fields: options.fields,
        launched,
        trouble,
        back: () => show(heading, form)
      })
    }
  }, element('fieldset', {}, element('legend', {}, 'Changes'), fields.map((field) => field.row)),
  terms.node, trouble, buttons(cancelButton(), element('button', { class: 'button primary', type: 'submit' }, 'Preview')))
  show(heading, form)
}

/** A delete always shows a preview first. */
export async function openDelete (selection, launched) {
  const title = `Delete ${count(selection.size)}`
  const trouble = element('p', { class: 'trouble', role: 'alert', hidden: true })
  show(title, element('p', {}, 'Loading the preview …'), trouble, buttons(cancelButton()))
  const options = await bulkOptions().catch(showTrouble)
  if (options === undefined) return
  await showPreview('delete', { selection: selection.toBody() }, { title, verb: 'Delete', tone: 'danger', fields: options.fields, launched, trouble })
}

async function showPreview (operation, body, { title, verb, tone = 'primary', fields, launched, trouble, back }) {
  const shown = await preview(operation, body).catch((problem) => tell(trouble, ...reasons(problem)))
  if (shown === undefined) return
  const refusal = element('p', { class: 'trouble', role: 'alert', hidden: true })
  const go = element('button', {
    class: `button ${tone}`,
    type: 'button',
    onclick: async () => {
      go.disabled = true
      // Executes the frozen selection of the preview; records that match only since then are not included.
      const job = await launch(operation, { ...body, selection: { previewId: shown.previewId } }).catch((problem) => tell(refusal, ...reasons(problem)))
      go.disabled = false
      if (job === undefined) return
      dialog().close()
      launched(job, title)
    }
  }, `${verb} ${count(shown.count)}`)
  go.disabled = shown.count === 0
  show(title, await previewOf(shown, fields), refusal, buttons(
    back === undefined ? cancelButton() : element('button', { class: 'button', type: 'button', onclick: back }, 'Back'), go))
  go.focus()
}

/** How the job handles failures and conflicts. The first choice of each is the default of the server. */
function optionFields () {
  const onError = select('If a city cannot be changed', { rollback: 'roll back all changes', stop: 'stop, and keep earlier changes', continue: 'continue with the others' })
  const onConflict = select('If a city is locked by another job', { fail: 'do not start', skip: 'skip it', wait: 'wait for it' })
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

function show (title, ...content) {
  const made = element('h2', { id: 'bulk-title', tabindex: -1 }, title)
  dialog().replaceChildren(made, ...content)
  if (!dialog().open) dialog().showModal()
  made.focus()
}

function showTrouble (problem) {
  show('Something went wrong', element('p', { class: 'trouble', role: 'alert' }, problem.message), buttons(cancelButton()))
}

function buttons (...some) {
  return element('div', { class: 'dialog-buttons' }, some)
}

function cancelButton () {
  return element('button', { class: 'button', type: 'button', onclick: () => dialog().close() }, 'Cancel')
}

function tell (place, ...lines) {
  place.hidden = false
  place.replaceChildren(...lines.map((line) => element('span', {}, line)))
}

/** An error in a few lines, one for each validation error. */
function reasons ({ message, problem: { errors = [], conflictCount } }) {
  if (errors.length > 0) return errors.map((one) => `${one.path.replace(/^.*\//, '')}: ${one.message}`)
  return conflictCount === undefined ? [message] : [message, `${count(conflictCount)} locked by other jobs.`]
}
