import { latestJobs } from './api.js'
import { openDelete, openEdit } from './bulk-dialog.js'
import { announce, count, find, number } from './elements.js'
import { showJob } from './job-card.js'
import { showLocks } from './locks.js'
import { Selection } from './selection.js'

const selection = new Selection()

const table = () => find('#cities')
const boxes = () => [...document.querySelectorAll('#cities tbody input[type=checkbox]')]
const ids = (some) => some.map((box) => Number(box.value))

/** The bulk selection for the cities that match the current filters. */
const matching = () => ({ base: JSON.parse(table().dataset.selection), total: Number(table().dataset.total) })

function update () {
  for (const box of boxes()) {
    box.checked = selection.has(Number(box.value))
    box.closest('tr').classList.toggle('selected', box.checked)
  }
  const page = find('#select-page')
  if (page !== null) {
    page.checked = boxes().every((box) => box.checked)
    page.indeterminate = !page.checked && boxes().some((box) => box.checked)
  }
  updateBar()
}

function updateBar () {
  const { base, total } = matching()
  find('#bulk-bar').hidden = selection.size === 0
  find('#selected-count').textContent = number(selection.size)
  const more = find('#select-matching')
  more.hidden = selection.isAllOf(base) || total <= boxes().length
  more.textContent = `Select all ${number(total)} matching`
}

selection.addEventListener('change', () => {
  update()
  announce(`${count(selection.size)} selected`)
})

let lastBox = null

document.addEventListener('click', ({ target, shiftKey }) => {
  if (!target.matches?.('#cities tbody input[type=checkbox]')) return
  const all = boxes()
  const [from, to] = [all.indexOf(shiftKey && lastBox?.isConnected ? lastBox : target), all.indexOf(target)].sort((one, other) => one - other)
  selection.set(ids(all.slice(from, to + 1)), target.checked)
  lastBox = target
})

document.addEventListener('change', ({ target }) => {
  if (target.id === 'select-page') selection.set(ids(boxes()), target.checked)
})

find('#select-matching').addEventListener('click', () => {
  const { base, total } = matching()
  selection.selectMatching(base, total)
})
find('#clear-selection').addEventListener('click', () => selection.clear())
find('#open-edit').addEventListener('click', () => openEdit(selection, launched))
find('#open-delete').addEventListener('click', () => openDelete(selection, launched))

find('#reset-filters').addEventListener('click', (event) => {
  event.preventDefault()
  const form = find('#filters')
  for (const field of form.elements) field.value = ''
  form.requestSubmit()
})

// Empty form fields are left out of the URL.
document.addEventListener('htmx:configRequest', ({ detail }) => {
  for (const [name, value] of Object.entries(detail.parameters)) {
    if (value === '') delete detail.parameters[name]
  }
})

document.addEventListener('htmx:afterSettle', ({ detail }) => {
  if (detail.elt.id === 'cities') tableLoaded()
})

function tableLoaded () {
  // "All matching" does not carry over to another filter.
  if (selection.isMatching && !selection.isSetOf(matching().base)) {
    selection.clear()
    announce('Selection cleared because the filter changed')
  }
  update()
  showLocks()
}

function launched (job, title) {
  selection.clear()
  showJob(job, { title, onEnd: refresh })
  showLocks()
}

function refresh () {
  window.htmx.trigger(table(), 'refresh')
}

async function showLivingJobs () {
  const { items } = await latestJobs().catch(() => ({ items: [] }))
  for (const job of items.reverse()) {
    if (job.finishedAt === null) showJob(job, { onEnd: refresh })
  }
}

tableLoaded()
showLivingJobs()
