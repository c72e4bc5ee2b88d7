const stored = 'cities-selection'

/**
 * What is selected, on all pages: some cities by their ids, or all that match a filter but for some. It outlives a reload of
 * the page, and tells of every change by a `change` event.
 */
export class Selection extends EventTarget {
  #ids = new Set()
  /** Set while all that match are selected: what the bulk routes call them, and how many they were. */
  #matching = null

  constructor () {
    super()
    const { ids = [], matching = null } = JSON.parse(sessionStorage.getItem(stored) ?? '{}')
    this.#ids = new Set(ids)
    this.#matching = matching
  }

  get isMatching () {
    return this.#matching !== null
  }

  get size () {
    return this.#matching === null ? this.#ids.size : this.#matching.total - this.#ids.size
  }

  /** Whether what is selected was taken from this set as a whole. */
  isSetOf (base) {
    return JSON.stringify(this.#matching?.base) === JSON.stringify(base)
  }

  /** Whether these are all of the set, none left out. */
  isAllOf (base) {
    return this.isSetOf(base) && this.#ids.size === 0
  }

  has (id) {
    return this.#matching === null ? this.#ids.has(id) : !this.#ids.has(id)
  }

  /** While all that match are selected, the ids that are kept are those left out. */
  set (ids, selected) {
    const keep = selected === (this.#matching === null)
    for (const id of ids) {
      if (keep) this.#ids.add(id)
      else this.#ids.delete(id)
    }
    this.#changed()
  }

  selectMatching (base, total) {
    this.#ids.clear()
    this.#matching = { base, total }
    this.#changed()
  }

  clear () {
    this.#ids.clear()
    this.#matching = null
    this.#changed()
  }

  /** For the body of a launch. The count makes sure that what is changed is what was seen. */
  toBody () {
    if (this.#matching === null) return { ids: [...this.#ids] }
    const exclude = [...this.#ids]
    return { ...this.#matching.base, ...(exclude.length > 0 && { exclude }), expectedCount: this.size }
  }

  #changed () {
    sessionStorage.setItem(stored, JSON.stringify({ ids: [...this.#ids], matching: this.#matching }))
    this.dispatchEvent(new Event('change'))
  }
}
