import { element, find } from './elements.js'

const dialog = () => find('#bulk-dialog')

/** Counts openings: what was asked for before the dialog was closed has no place in it any more. */
let opening = 0

/**
 * Opens the dialog.
 *
 * @returns {{ isOpen: () => boolean, show: (title: string, ...content: Array<Node | null>) => void, close: () => void }} `show` replaces
 *   what the dialog shows, from its top, and does nothing once the user has closed it
 */
export function openDialog () {
  const own = ++opening
  let shown = false
  const isOpen = () => own === opening && (!shown || dialog().open)
  return {
    isOpen,
    show (title, ...content) {
      if (!isOpen()) return
      shown = true
      const heading = element('h2', { id: 'bulk-title', tabindex: -1 }, title)
      dialog().replaceChildren(heading, ...content.filter((part) => part !== null))
      if (!dialog().open) dialog().showModal()
      dialog().scrollTop = 0
      heading.focus({ preventScroll: true })
    },
    close: () => dialog().close()
  }
}

export function buttonRow (...buttons) {
  return element('div', { class: 'dialog-buttons' }, ...buttons)
}

export function cancelButton (label = 'Cancel') {
  return element('button', { class: 'button', type: 'button', onclick: () => dialog().close() }, label)
}

/** A place for what went wrong. */
export function troubleBox () {
  const node = element('div', { class: 'trouble', role: 'alert', hidden: true })
  return {
    node,
    say (...lines) {
      node.hidden = lines.length === 0
      node.replaceChildren(...lines.map((line) => element('p', {}, line)))
      node.scrollIntoView({ block: 'nearest' })
    }
  }
}
