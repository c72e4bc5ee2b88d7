import { openDelete, openEdit } from './bulk-dialog.js'
import { connectionLost, explainAway, onReconnect } from './connection.js'
import { announce, count, find, number, whileBusy } from './elements.js'
import { showLocks } from './locks.js'
import { Selection } from './selection.js'
import { listenToTable } from './table-keys.js'
import { createTray } from './tray.js'

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

document.addEventListener('change', ({ target }) => {
  if (target.id === 'select-page') selection.set(ids(boxes()), target.checked)
})

find('#select-matching').addEventListener('click', () => {
  const { base, total } = matching()
  selection.selectMatching(base, total)
  find('#open-edit').focus()
})
find('#clear-selection').addEventListener('click', () => {
  selection.clear()
  table().focus({ preventScroll: true })
})

const tray = createTray({ onEnd: refresh })

function launched (job) {
  selection.clear()
  tray.add(job)
  showLocks()
}

const edit = () => whileBusy(find('#open-edit'), () => openEdit(selection, launched))
find('#open-edit').addEventListener('click', edit)
find('#open-delete').addEventListener('click', ({ currentTarget }) => whileBusy(currentTarget, () => openDelete(selection, launched)))
listenToTable({ select: (some, selected) => selection.set(ids(some), selected), edit, size: () => selection.size })

// The filters.

const filters = find('#filters')

/** What the filters ask for, and what the table shows: the same, unless the server could not be asked. */
const wanted = () => new URLSearchParams([...new FormData(filters)].filter(([, value]) => value !== '')).toString()
const shown = () => new URLSearchParams(JSON.parse(table().dataset.filters)).toString()

find('#reset-filters').addEventListener('click', (event) => {
  event.preventDefault()
  for (const field of filters.elements) field.value = ''
  filters.requestSubmit()
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
  // Column headers sort too.
  find('#filter-sort').value = table().dataset.sort
  // "All matching" does not carry over to another filter.
  if (selection.isMatching && !selection.isSetOf(matching().base)) {
    selection.clear()
    announce('Selection cleared because the filter changed')
  }
  update()
  showLocks()
}

function refresh () {
  window.htmx.trigger(table(), 'refresh')
}

// A table that does not answer the filters any more does not look as if it did.
const notLoaded = () => {
  connectionLost()
  if (wanted() === shown()) return
  table().classList.add('stale')
  table().inert = true
  explainAway('Your filters are not applied yet.')
}
for (const failure of ['htmx:sendError', 'htmx:timeout']) document.addEventListener(failure, notLoaded)
document.addEventListener('htmx:responseError', ({ detail }) => { if (detail.xhr.status >= 500) notLoaded() })

onReconnect(() => wanted() === shown() ? refresh() : filters.requestSubmit())

tableLoaded()
