const stored = 'cities-selection'

/**
 * The selection across all pages: cities by id, or all that match a filter with exceptions. It survives a reload, and
 * dispatches a `change` event on every change.
 */
export class Selection extends EventTarget {
  #ids = new Set()
  /** Set while all matching cities are selected: their bulk selection, and how many they were. */
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

  /** Whether the selection is all of this set, possibly with exceptions. */
  isSetOf (base) {
    return JSON.stringify(this.#matching?.base) === JSON.stringify(base)
  }

  /** Whether the selection is all of this set, without exceptions. */
  isAllOf (base) {
    return this.isSetOf(base) && this.#ids.size === 0
  }

  has (id) {
    return this.#matching === null ? this.#ids.has(id) : !this.#ids.has(id)
  }

  /** While all matching cities are selected, `#ids` holds the exceptions. */
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

  /** For the body of a launch. The count makes the launch fail if a different number matches by then. */
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
