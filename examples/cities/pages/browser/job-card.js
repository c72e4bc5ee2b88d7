import { act, failures, jobOf, namesOf, resultsFile } from './api.js'
import { announce, count, element, find, number } from './elements.js'

const verbs = { update: 'Change', delete: 'Delete' }

const outcomes = {
  succeeded: { label: 'Done', tone: 'good' },
  completed_with_errors: { label: 'Done, with errors', tone: 'fair' },
  failed: { label: 'Failed', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'fair' }
}

/**
 * Shows a job until it has ended. The progress bar is the server's HTML fragment: htmx inserts it, it polls by itself, and
 * stops at a 286.
 *
 * @param {{ title?: string, onEnd: () => void }} options
 */
export function showJob (job, { title = titleOf(job), onEnd }) {
  const body = element('div', { class: 'job-body' })
  const actions = element('div', { class: 'job-actions' })
  const outcome = element('span', { class: 'outcome' })
  const card = element('article', { class: 'card job', 'aria-label': title },
    element('header', {}, element('h2', {}, title), outcome), body, actions)
  find('#jobs').prepend(card)

  const actionButton = (label, action, then, tone = '') => element('button', {
    type: 'button',
    class: `button ${tone}`,
    onclick: async ({ currentTarget }) => {
      currentTarget.disabled = true
      await act(job, action).then(then, (problem) => {
        currentTarget.disabled = false
        say(problem.message)
      })
    }
  }, label)
  const say = (text) => {
    find('.job-trouble', card)?.remove()
    card.append(element('p', { class: 'job-trouble', role: 'alert' }, text))
  }
  const follow = (verb) => (next) => showJob(next, { title: `${verb}: ${title}`, onEnd })

  if (job.finishedAt === null) live()
  else ended(job)

  function live () {
    if (job.links.cancel !== null) actions.replaceChildren(actionButton('Cancel', 'cancel', () => {}, 'quiet'))
    body.addEventListener('htmx:afterRequest', async ({ detail }) => {
      if (detail.xhr.status === 286) await jobOf(job.id).then(ended, (problem) => say(problem.message))
    })
    window.htmx.ajax('GET', job.links.progress, { source: body, target: body, swap: 'innerHTML' })
  }

  async function ended (last) {
    const { label, tone } = outcomes[last.status]
    card.classList.add(tone)
    outcome.textContent = label
    body.replaceChildren(element('p', {}, countsOf(last)))
    if (last.error !== null) body.append(element('p', { class: 'job-error' }, last.error.message))
    actions.replaceChildren(...[
      last.links.undo !== null && actionButton('Undo', 'undo', follow('Undo'), 'primary'),
      last.status !== 'succeeded' && actionButton('Retry the rest', 'retry', follow('Retry')),
      last.counts.total > 0 && download(last, say),
      element('button', { type: 'button', class: 'button quiet', onclick: () => card.remove() }, 'Close')
    ].filter(Boolean))
    announce(`${title}: ${label}. ${countsOf(last)}`)
    onEnd()
    if (last.counts.failed > 0) body.append(await failureList(last))
  }
}

function titleOf ({ operation, undoOf, counts }) {
  return `${undoOf === null ? verbs[operation] ?? operation : 'Undo'}: ${count(counts.total)}`
}

function countsOf ({ counts }) {
  const named = { succeeded: 'changed', unchanged: 'unchanged', missing: 'missing', skipped: 'skipped', failed: 'failed' }
  const parts = Object.entries(named).filter(([name]) => counts[name] > 0).map(([name, word]) => `${number(counts[name])} ${word}`)
  return parts.length === 0 ? `No changes, of ${count(counts.total)}.` : `${parts.join(', ')}, of ${count(counts.total)}.`
}

async function failureList (job) {
  const { items, nextCursor } = await failures(job).catch(() => ({ items: [], nextCursor: null }))
  const names = await namesOf(items.map(({ id }) => id))
  return element('ul', { class: 'failures' },
    items.map(({ id, message, code }) => element('li', {}, element('strong', {}, names.get(id) ?? `City ${id}`), `: ${message ?? code}`)),
    nextCursor !== null && element('li', {}, '… and more: see the results'))
}

function download (job, say) {
  return element('button', {
    type: 'button',
    class: 'button quiet',
    onclick: async () => {
      const file = await resultsFile(job).catch((problem) => say(problem.message))
      if (file === undefined) return
      const address = URL.createObjectURL(file)
      element('a', { href: address, download: `cities-${job.id}.csv` }).click()
      URL.revokeObjectURL(address)
    }
  }, 'Results')
}
