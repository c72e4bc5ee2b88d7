import { locksOf } from './api.js'
import { element, find } from './elements.js'

/** Marks the cities on this page that a job has locked. */
export async function showLocks () {
  const rows = new Map([...document.querySelectorAll('#cities tr[data-id]')].map((row) => [Number(row.dataset.id), row]))
  if (rows.size === 0) return
  const { items } = await locksOf([...rows.keys()]).catch(() => ({ items: [] }))
  const held = new Map(items.map((lock) => [lock.id, lock]))
  for (const [id, row] of rows) {
    find('.held', row)?.remove()
    const lock = held.get(id)
    row.classList.toggle('locked', lock !== undefined)
    if (lock !== undefined) find('.name-line', row)?.append(' ', heldBy(lock))
  }
}

function heldBy ({ operation, createdBy }) {
  const title = `A bulk ${operation}${createdBy ? ` by ${createdBy.label}` : ''} has locked this city`
  return element('span', { class: 'badge held', title }, 'Locked')
}
