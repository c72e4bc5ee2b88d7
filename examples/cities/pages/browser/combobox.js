import { element } from './elements.js'

const pauseMs = 200

/**
 * A text field with a list of choices (the combobox pattern of ARIA): typing filters, the arrows move, Enter chooses, Esc
 * closes. It starts empty, and nothing is chosen before the user chooses it.
 *
 * @param {object} options
 * @param {string} options.id
 * @param {string} options.labelledBy the id of the label
 * @param {string} options.placeholder
 * @param {(request: { search: string, cursor?: string }) => Promise<{ items: Choice[], nextCursor: string | null }> | { items: Choice[], nextCursor: null }} options.find
 *   the choices that match; `nextCursor` where there are more
 * @param {(choice: Choice) => void} [options.onChoose]
 * @typedef {{ value: unknown, label: string }} Choice
 */
export function combobox ({ id, labelledBy, placeholder, find, onChoose = () => {} }) {
  const input = element('input', {
    id,
    type: 'text',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder,
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': `${id}-list`,
    'aria-labelledby': labelledBy
  })
  const list = element('ul', { id: `${id}-list`, class: 'choices', role: 'listbox', 'aria-labelledby': labelledBy, hidden: true })
  const node = element('div', { class: 'combobox' }, input, list)

  let chosen
  let options = []
  let active = -1
  let latest = 0
  let timer

  const isOpen = () => !list.hidden

  /** What was typed since the last choice. */
  const typed = () => input.value === (chosen?.label ?? '') ? '' : input.value.trim()

  function open () {
    clearTimeout(timer)
    timer = undefined
    if (!isOpen()) {
      list.hidden = false
      input.setAttribute('aria-expanded', 'true')
    }
    return load({ search: typed() })
  }

  function close () {
    clearTimeout(timer)
    timer = undefined
    latest += 1
    list.hidden = true
    list.replaceChildren()
    options = []
    setActive(-1)
    input.setAttribute('aria-expanded', 'false')
    // What was only typed chooses nothing, so it does not stay.
    input.value = chosen?.label ?? ''
  }

  async function load ({ search, cursor }) {
    const request = ++latest
    if (cursor === undefined) {
      const waiting = find({ search })
      // A list that is at hand is shown at once; one that must be fetched keeps the last one until it has arrived.
      if (waiting instanceof Promise && options.length === 0) message('Loading …')
      return await show(request, waiting, [], search)
    }
    await show(request, find({ search, cursor }), options.filter((option) => option.more === undefined), search)
  }

  async function show (request, waiting, before, search) {
    try {
      const { items, nextCursor } = waiting instanceof Promise ? await waiting : waiting
      // Only the latest request counts: responses may arrive out of order.
      if (request !== latest) return
      options = [...before, ...items.map((choice) => ({ choice })), ...(nextCursor === null ? [] : [{ more: { search, cursor: nextCursor } }])]
      if (options.length === 0) return message('No match')
      list.replaceChildren(...options.map(optionNode))
      setActive(before.length === 0 ? -1 : before.length)
      if (before.length === 0) list.scrollTop = 0
      list.scrollIntoView({ block: 'nearest' })
    } catch (problem) {
      if (request === latest) message(problem.message)
    }
  }

  function message (text) {
    options = []
    setActive(-1)
    list.replaceChildren(element('li', { class: 'choices-message', role: 'status' }, text))
  }

  function optionNode ({ choice, more }, index) {
    const isChosen = choice !== undefined && chosen !== undefined && JSON.stringify(choice.value) === JSON.stringify(chosen.value)
    return element('li', {
      id: `${id}-option-${index}`,
      role: 'option',
      class: more && 'more',
      'aria-selected': String(isChosen),
      // The field keeps the focus.
      onmousedown: (event) => event.preventDefault(),
      onclick: () => choose(index)
    }, more === undefined ? choice.label : 'Show more …')
  }

  function setActive (index) {
    list.children[active]?.classList.remove('active')
    active = index
    const option = list.children[index]
    if (index < 0 || option === undefined) return input.removeAttribute('aria-activedescendant')
    option.classList.add('active')
    option.scrollIntoView({ block: 'nearest' })
    input.setAttribute('aria-activedescendant', option.id)
  }

  function choose (index) {
    const { choice, more } = options[index]
    if (more !== undefined) return load(more)
    chosen = choice
    close()
    onChoose(choice)
  }

  async function move (step) {
    // What was typed just now is searched for first.
    if (!isOpen() || timer !== undefined) await open()
    if (options.length > 0) setActive(active < 0 ? (step > 0 ? 0 : options.length - 1) : (active + step + options.length) % options.length)
  }

  const keys = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    Enter: () => isOpen() ? active >= 0 && choose(active) : open(),
    Escape: close
  }
  input.addEventListener('keydown', (event) => {
    // Enter in an open list does not submit the form, and Esc does not close the dialog.
    if (!(event.key in keys) || (event.key === 'Escape' && !isOpen())) return
    event.preventDefault()
    event.stopPropagation()
    keys[event.key]()
  })
  input.addEventListener('input', (event) => {
    // To type is to search. The form hears of a choice only.
    event.stopPropagation()
    clearTimeout(timer)
    timer = setTimeout(open, pauseMs)
  })
  input.addEventListener('click', () => { if (!isOpen()) open() })
  input.addEventListener('blur', () => { if (isOpen() || input.value !== (chosen?.label ?? '')) close() })

  return {
    node,
    input,
    chosen: () => chosen,
    clear () {
      chosen = undefined
      input.value = ''
    }
  }
}
