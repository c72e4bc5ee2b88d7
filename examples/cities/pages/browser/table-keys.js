import { announce } from './elements.js'

/**
 * Selecting by row: a click anywhere in it, with Shift all rows since the last one; the arrows move, x selects, Shift+Space
 * selects a range, and e edits.
 *
 * @param {{ select: (boxes: HTMLInputElement[], selected: boolean) => void, edit: () => void, size: () => number }} actions
 */
export function listenToTable ({ select, edit, size }) {
  let lastBox = null

  const boxes = () => [...document.querySelectorAll('#cities tbody input[type=checkbox]')]
  const boxOf = (node) => node?.closest?.('#cities tbody tr')?.querySelector('input[type=checkbox]') ?? null

  function choose (box, selected, isRange) {
    const all = boxes()
    const [from, to] = [all.indexOf(isRange && lastBox?.isConnected ? lastBox : box), all.indexOf(box)].sort((one, other) => one - other)
    select(all.slice(from, to + 1), selected)
    lastBox = box
  }

  document.addEventListener('click', ({ target, shiftKey }) => {
    const box = boxOf(target)
    if (box === null || document.querySelector('#cities.stale') !== null) return
    if (target === box) return choose(box, box.checked, shiftKey)
    // The label of the box clicks it by itself, and text that is being selected is not a click.
    if (target.closest('a, button, label') || !(document.getSelection()?.isCollapsed ?? true)) return
    box.focus({ preventScroll: true })
    choose(box, !box.checked, shiftKey)
  })

  // Shift and a click would select text.
  document.addEventListener('mousedown', (event) => {
    if (event.shiftKey && boxOf(event.target) !== null) event.preventDefault()
  })

  document.addEventListener('keydown', (event) => {
    const { target, key, shiftKey } = event
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector('dialog[open]') !== null) return
    if (target.matches('input:not([type=checkbox]), textarea, select')) return
    const box = boxOf(target)
    const act = {
      e: () => size() > 0 ? edit() : announce('Select cities first'),
      x: () => toggle(box ?? boxes()[0], shiftKey),
      ...(box !== null && {
        ArrowDown: () => move(box, 1),
        ArrowUp: () => move(box, -1),
        ...(shiftKey && { ' ': () => toggle(box, true) })
      })
    }[key.length === 1 ? key.toLowerCase() : key]
    if (act === undefined) return
    event.preventDefault()
    act()
  })

  function toggle (box, isRange) {
    if (box === undefined) return
    box.focus()
    choose(box, isRange ? true : !box.checked, isRange)
  }

  function move (box, step) {
    const all = boxes()
    all[all.indexOf(box) + step]?.focus()
  }
}
