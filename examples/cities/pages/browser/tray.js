import { act, bulkOptions, failures, jobOf, latestJobs, namesOf, progressOf, resultsFile } from './api.js'
import { onReconnect } from './connection.js'
import { announce, element, find } from './elements.js'
import { jobRow } from './job-row.js'
import { outcomeOf, titleOf } from './words.js'

const pollMs = 1_000
const dismissedKey = 'cities-dismissed-jobs'
/** Longer ago a job has ended for everyone to have seen it. */
const shownForMs = 24 * 3_600_000
const dismissedAtMost = 100

/**
 * The jobs that run and those that have ended, newest first, as the server lists them: they are there again after a reload.
 *
 * @param {{ onEnd: () => void }} options `onEnd` is called when a job that was running has ended
 */
export function createTray ({ onEnd }) {
  const tray = find('#jobs')
  const list = find('#job-list')
  const toggle = find('#more-jobs')
  /** Of the jobs that were loaded, by id: those that are shown, and those that these undo. */
  const jobs = new Map()
  const rows = new Map()
  const polled = new Set()
  let dismissed = JSON.parse(localStorage.getItem(dismissedKey) ?? '[]')
  let fields = []

  const isShown = (job) => !dismissed.includes(job.id) && (job.finishedAt === null || Date.now() - Date.parse(job.finishedAt) < shownForMs)
  const undoneBy = (job) => [...jobs.values()].find((other) => other.undoOf === job.id && other.status !== 'failed')

  async function load () {
    const [{ items }, options] = await Promise.all([latestJobs(), fields.length > 0 ? { fields } : bulkOptions()])
    fields = options.fields
    for (const job of items) jobs.set(job.id, job)
    await loadUndone(items.filter(isShown))
    update()
  }

  /** A job that undoes another is named after it. */
  async function loadUndone (items) {
    const missing = items.map(({ undoOf }) => undoOf).filter((id) => id !== null && !jobs.has(id))
    await Promise.all(missing.map(async (id) => {
      const job = await jobOf(id).catch(() => undefined)
      if (job !== undefined) jobs.set(id, job)
    }))
  }

  function update () {
    const shown = [...jobs.values()].filter(isShown).sort((one, other) => other.createdAt.localeCompare(one.createdAt))
    for (const [id, row] of rows) {
      if (shown.some((job) => job.id === id)) continue
      row.node.remove()
      rows.delete(id)
    }
    shown.forEach((job, index) => {
      const row = rows.get(job.id) ?? jobRow(actions)
      rows.set(job.id, row)
      row.update(job, { fields, undone: jobs.get(job.undoOf), undoneBy: undoneBy(job) })
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] ?? null)
      if (job.finishedAt === null) follow(job)
    })
    tray.hidden = shown.length === 0
    toggle.hidden = shown.length < 2
    if (shown.length < 2) setOpen(false)
    toggle.textContent = isOpen() ? 'Show only the latest job' : `${shown.length - 1} more ${shown.length === 2 ? 'job' : 'jobs'}`
  }

  const isOpen = () => toggle.getAttribute('aria-expanded') === 'true'
  function setOpen (open) {
    toggle.setAttribute('aria-expanded', String(open))
    tray.classList.toggle('open', open)
  }

  /** Polls a job to its end. While the server is away it waits for it. */
  function follow (job) {
    if (polled.has(job.id)) return
    polled.add(job.id)
    const poll = async () => {
      const answer = await progressOf(job).catch((problem) => ({ problem }))
      if (answer.problem !== undefined) {
        polled.delete(job.id)
        // A job that is not there any more has been cleaned up.
        if (answer.problem.problem.code === 'job_not_found') jobs.delete(job.id)
        return update()
      }
      jobs.set(job.id, answer.job)
      if (!answer.ended) setTimeout(poll, pollMs)
      update()
      if (answer.ended) ended(answer.job)
    }
    setTimeout(poll, pollMs / 4)
  }

  function ended (job) {
    const undone = jobs.get(job.undoOf)
    announce(`${titleOf(job, fields, undone)}: ${outcomeOf(job, undone)}`)
    onEnd()
  }

  const actions = {
    cancel: (job) => start(job, 'cancel'),
    undo: (job) => start(job, 'undo'),
    retry: (job) => start(job, 'retry'),
    results: async (job) => {
      const address = URL.createObjectURL(await resultsFile(job))
      element('a', { href: address, download: `cities-${job.id}.csv` }).click()
      URL.revokeObjectURL(address)
    },
    dismiss: (job) => {
      dismissed = [...dismissed, job.id].slice(-dismissedAtMost)
      localStorage.setItem(dismissedKey, JSON.stringify(dismissed))
      update()
      ;(tray.hidden ? find('#cities') : list.firstElementChild).focus({ preventScroll: true })
    },
    failures: async (job) => {
      const { items, nextCursor } = await failures(job)
      return { items, names: await namesOf(items.map(({ id }) => id)), isAll: nextCursor === null }
    }
  }

  async function start (job, action) {
    const next = await act(job, action)
    if (next.id === job.id) {
      jobs.set(next.id, next)
      update()
    } else {
      await add(next)
    }
  }

  /** Shows a job that was launched just now, and puts the focus there. */
  async function add (job) {
    jobs.set(job.id, job)
    if (fields.length === 0) await load().catch(() => {})
    update()
    rows.get(job.id)?.node.focus({ preventScroll: true })
    if (job.finishedAt !== null) ended(job)
  }

  toggle.addEventListener('click', () => {
    setOpen(!isOpen())
    update()
  })
  document.addEventListener('visibilitychange', () => { if (!document.hidden) load().catch(() => {}) })
  onReconnect(() => load().catch(() => {}))
  // Without the server there is nothing to show, and the banner says so.
  load().catch(() => {})
  return { add }
}
