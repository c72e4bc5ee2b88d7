import { bulkOptions, launch, preview } from './api.js'
import { changeField } from './change-fields.js'
import { count, element, find } from './elements.js'
import { previewOf } from './preview.js'

const dialog = () => find('#bulk-dialog')

/**
 * Asks what is to be changed, shows what would come of it, and launches it.
 *
 * @param {import('./selection.js').Selection} selection
 * @param {(job: object, title: string) => void} launched
 */
export async function openEdit (selection, launched) {
  const heading = `Edit ${count(selection.size)}`
  show(heading, element('p', {}, 'One moment …'))
  const options = await bulkOptions().catch(showTrouble)
  if (options === undefined) return
  const fields = options.fields.map(changeField)
  const terms = termsFields()
  const trouble = element('p', { class: 'trouble', role: 'alert', hidden: true })
  const form = element('form', {
    method: 'dialog',
    onsubmit: async (event) => {
      event.preventDefault()
      const changed = fields.filter((field) => field.read() !== undefined)
      if (changed.length === 0) return tell(trouble, 'Choose what is to be changed.')
      const set = Object.fromEntries(changed.map((field) => [field.name, field.read()]))
      await lookAhead('update', { selection: selection.toBody(), set, ...terms.read() }, {
        title: `${changed.map((field) => field.describe()).join(', ')} – ${count(selection.size)}`,
        verb: 'Change',
        fields: options.fields,
        launched,
        trouble,
        back: () => show(heading, form)
      })
    }
  }, element('fieldset', {}, element('legend', {}, 'What is to be changed'), fields.map((field) => field.row)),
  terms.node, trouble, buttons(cancelButton(), element('button', { class: 'button primary', type: 'submit' }, 'Preview')))
  show(heading, form)
}

/** Deleting is always looked at first. */
export async function openDelete (selection, launched) {
  const title = `Delete ${count(selection.size)}`
  const trouble = element('p', { class: 'trouble', role: 'alert', hidden: true })
  show(title, element('p', {}, 'Looking at what would go …'), trouble, buttons(cancelButton()))
  const options = await bulkOptions().catch(showTrouble)
  if (options === undefined) return
  await lookAhead('delete', { selection: selection.toBody() }, { title, verb: 'Delete', tone: 'danger', fields: options.fields, launched, trouble })
}

async function lookAhead (operation, body, { title, verb, tone = 'primary', fields, launched, trouble, back }) {
  const shown = await preview(operation, body).catch((problem) => tell(trouble, ...reasons(problem)))
  if (shown === undefined) return
  const refusal = element('p', { class: 'trouble', role: 'alert', hidden: true })
  const go = element('button', {
    class: `button ${tone}`,
    type: 'button',
    onclick: async () => {
      go.disabled = true
      // The frozen set of the preview is what is executed, and nothing that has come to match since.
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

/** How the job is to deal with trouble. The first choice of each is what the server does when nothing is said. */
function termsFields () {
  const onError = select('If a city cannot be changed', { rollback: 'undo everything', stop: 'stop there', continue: 'do the others' })
  const onConflict = select('If another job holds a city', { fail: 'refuse', skip: 'leave it out', wait: 'wait for it' })
  const reason = element('input', { type: 'text', maxlength: 1000, placeholder: 'For whoever looks at the job later' })
  return {
    node: element('fieldset', { class: 'terms' }, element('legend', {}, 'How'), onError.node, onConflict.node,
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
  show('That did not work', element('p', { class: 'trouble', role: 'alert' }, problem.message), buttons(cancelButton()))
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

/** A refusal in a few lines, each mistake on its own. */
function reasons ({ message, problem: { errors = [], conflictCount } }) {
  if (errors.length > 0) return errors.map((one) => `${one.path.replace(/^.*\//, '')}: ${one.message}`)
  return conflictCount === undefined ? [message] : [message, `${count(conflictCount)} held by other jobs.`]
}
