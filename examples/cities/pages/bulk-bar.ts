import { html, type Html } from './html.ts'

/** Shown while something is selected. */
export function bulkBar (): Html {
  return html`
<section class="bulk-bar" id="bulk-bar" aria-label="Selection" hidden>
  <p><strong id="selected-count">0</strong> selected</p>
  <button class="button quiet" id="select-matching" type="button" hidden></button>
  <button class="button quiet" id="clear-selection" type="button">Clear</button>
  <span class="spring"></span>
  <button class="button danger" id="open-delete" type="button">Delete…</button>
  <button class="button primary" id="open-edit" type="button">Edit…</button>
</section>
<p class="unseen" id="announcements" role="status"></p>`
}
