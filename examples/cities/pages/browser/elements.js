/**
 * Creates an element. Text is set as text, so user input can never become markup.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} members attributes, or listeners as `onclick`; undefined, null and false are left out
 * @param {...(Node | string | number | null | undefined | false)} children
 */
export function element (tag, members = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(members)) {
    if (value === undefined || value === null || value === false) continue
    if (typeof value === 'function') made.addEventListener(name.slice(2), value)
    else made.setAttribute(name, value === true ? '' : String(value))
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false))
  return made
}

export function find (selector, within = document) {
  return within.querySelector(selector)
}

const numbers = new Intl.NumberFormat('en-GB')

export function count (number, one = 'city', many = 'cities') {
  return `${numbers.format(number)} ${number === 1 ? one : many}`
}

export function number (value) {
  return numbers.format(value)
}

/** Announces a change to screen readers. */
export function announce (text) {
  find('#announcements').textContent = text
}

/**
 * A button that shows while it waits for its work, and then ignores further clicks. It keeps the focus, which a disabled
 * button would lose.
 *
 * @param {string} label
 * @param {(button: HTMLElement) => unknown} work
 */
export function workButton (label, work, classes = '') {
  return element('button', { type: 'button', class: `button ${classes}`, onclick: ({ currentTarget }) => whileBusy(currentTarget, () => work(currentTarget)) }, label)
}

export async function whileBusy (button, work) {
  if (button.getAttribute('aria-busy') === 'true' || button.getAttribute('aria-disabled') === 'true') return
  button.setAttribute('aria-busy', 'true')
  try {
    await work()
  } finally {
    button.removeAttribute('aria-busy')
  }
}
