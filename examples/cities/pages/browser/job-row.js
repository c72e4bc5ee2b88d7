import { count, element, find, number, workButton } from './elements.js'
import { ago, changesOf, outcomeOf, timeLeft, titleOf } from './words.js'

const standings = {
  queued: 'Queued',
  waiting: 'Waiting for another job',
  running: 'Running',
  pausing: 'Pausing …',
  paused: 'Paused',
  cancelling: 'Cancelling …'
}

const endings = {
  succeeded: { label: 'Done', tone: 'good' },
  completed_with_errors: { label: 'Partly done', tone: 'fair' },
  failed: { label: 'Failed', tone: 'bad' },
  cancelled: { label: 'Cancelled', tone: 'fair' }
}

/**
 * One job in the tray. Its parts are changed in place, so that the focus stays.
 *
 * @param {Record<'cancel' | 'undo' | 'retry' | 'results' | 'dismiss' | 'failures', (job: object) => unknown>} actions
 */
export function jobRow (actions) {
  const heading = element('h3', {})
  const standing = element('span', { class: 'standing' })
  const bar = element('progress', { max: 100 })
  const text = element('p', { class: 'job-text' })
  const changes = element('p', { class: 'job-changes', hidden: true })
  const extra = element('div', { class: 'job-extra' })
  const trouble = element('p', { class: 'job-trouble', role: 'alert', hidden: true })
  const buttons = element('div', { class: 'job-buttons' })
  const node = element('li', { class: 'job', tabindex: -1 },
    element('div', { class: 'job-words' }, element('div', { class: 'job-head' }, heading, standing), changes, bar, text, extra, trouble), buttons)
  let job
  let status
  let offered

  const button = (label, action, tone = '') => workButton(label, async () => {
    trouble.hidden = true
    await Promise.resolve(actions[action](job)).catch((problem) => {
      trouble.hidden = false
      trouble.textContent = problem.message
    })
  }, tone)

  function offer (undoneBy) {
    const { links, counts } = job
    const isEnded = job.finishedAt !== null
    const wanted = [
      links.cancel !== null && ['Cancel', 'cancel'],
      links.undo !== null && undoneBy === undefined && ['Undo', 'undo', 'primary'],
      isEnded && job.status !== 'succeeded' && job.undoOf === null && ['Try the rest again', 'retry'],
      isEnded && counts.total > 0 && ['Results', 'results', 'quiet'],
      isEnded && ['Dismiss', 'dismiss', 'quiet']
    ].filter(Boolean)
    if (JSON.stringify(wanted) === offered) return
    offered = JSON.stringify(wanted)
    const hadFocus = buttons.contains(document.activeElement)
    buttons.replaceChildren(...wanted.map((one) => button(...one)))
    if (hadFocus) node.focus({ preventScroll: true })
  }

  async function describe (fields, undone) {
    const set = job.set ?? (job.undoOf === null ? null : undone?.set ?? null)
    if (set === null || fields.length === 0 || !changes.hidden) return
    changes.hidden = false
    changes.textContent = (await changesOf(set, fields)).join(' · ')
    changes.title = changes.textContent
  }

  function offerFailures () {
    const details = element('details', {
      class: 'failures',
      ontoggle: async () => {
        if (!details.open || find('ul', details) !== null) return
        const found = await actions.failures(job).catch((problem) => ({ problem }))
        if (found.problem !== undefined) return details.append(element('p', {}, found.problem.message))
        details.append(element('ul', {}, found.items.map(({ id, message, code }) =>
          element('li', {}, element('strong', {}, found.names.get(id) ?? `City ${id}`), `: ${message ?? code}`)),
        !found.isAll && element('li', {}, 'The others are in the results.')))
      }
    }, element('summary', {}, `Why ${count(job.counts.failed)} failed`))
    extra.replaceChildren(details)
  }

  return {
    node,
    update (next, { fields, undone, undoneBy }) {
      job = next
      const ending = endings[job.status]
      const title = titleOf(job, fields, undone)
      heading.textContent = title
      node.setAttribute('aria-label', title)
      const isUndone = undoneBy !== undefined && undoneBy.finishedAt !== null
      standing.textContent = isUndone ? 'Undone' : ending?.label ?? standings[job.status]
      standing.classList.toggle('undone', isUndone)
      bar.hidden = ending !== undefined
      bar.value = job.progress.percent
      bar.setAttribute('aria-label', title)
      const who = job.createdBy === null ? '' : ` by ${job.createdBy.label}`
      const by = `${ago(job.createdAt)}${who}${job.reason ? `: “${job.reason}”` : ''}`
      text.textContent = [ending === undefined ? progressText(job) : outcomeOf(job, undone), by].join(' · ')
      if (status !== job.status) {
        node.className = `job ${ending?.tone ?? 'living'}`
        extra.replaceChildren()
        if (job.error !== null) extra.append(element('p', { class: 'job-trouble' }, job.error.message))
        if (ending !== undefined && job.counts.failed > 0 && job.error === null) offerFailures()
        status = job.status
      }
      describe(fields, undone)
      offer(undoneBy)
    }
  }
}

function progressText ({ status, counts, progress }) {
  if (status === 'queued' || status === 'waiting') return count(counts.total)
  return [`${number(counts.processed)} of ${number(counts.total)}`, timeLeft(progress.etaSeconds)].filter(Boolean).join(' · ')
}
