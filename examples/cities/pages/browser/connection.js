import { announce, element, find, workButton } from './elements.js'

const probeUrl = '/powercrud/async/health'
const firstPauseMs = 1_000
const longestPauseMs = 15_000

let away = false
let pauseMs = firstPauseMs
let timer
const listeners = []

/** Calls the listener each time that the server can be reached again. */
export function onReconnect (listener) {
  listeners.push(listener)
}

/** Shows that the server cannot be reached, and tries again until it can be. */
export function connectionLost () {
  if (away) return
  away = true
  pauseMs = firstPauseMs
  const banner = find('#away')
  banner.replaceChildren(
    element('p', {}, element('strong', {}, 'The server cannot be reached. '),
      element('span', { id: 'away-detail' }, 'What you see may be out of date. Trying again …')),
    workButton('Try now', probe))
  banner.hidden = false
  schedule()
}

/** Adds to the banner what is different while the server is away. */
export function explainAway (text) {
  const detail = find('#away-detail')
  if (detail !== null) detail.textContent = `${text} Trying again …`
}

function schedule () {
  clearTimeout(timer)
  timer = setTimeout(probe, pauseMs)
  pauseMs = Math.min(pauseMs * 2, longestPauseMs)
}

async function probe () {
  const response = await fetch(probeUrl, { cache: 'no-store' }).catch(() => undefined)
  if (!away) return
  if (response?.ok !== true) return schedule()
  away = false
  clearTimeout(timer)
  find('#away').hidden = true
  announce('The server can be reached again')
  for (const listener of listeners) listener()
}

window.addEventListener('online', () => { if (away) probe() })
document.addEventListener('visibilitychange', () => { if (away && !document.hidden) probe() })
