import { html, type Html } from './html.ts'

/** At the bottom of the window: what can be done with the selection, and the jobs. */
export function dock (): Html {
  return html`
<div class="dock">
<section class="bulk-bar" id="bulk-bar" aria-label="Selection" hidden>
  <p><strong id="selected-count">0</strong> selected</p>
  <button class="button quiet" id="select-matching" type="button" hidden></button>
  <button class="button quiet" id="clear-selection" type="button">Clear</button>
  <span class="spring"></span>
  <button class="button danger" id="open-delete" type="button">Delete…</button>
  <button class="button primary" id="open-edit" type="button">Edit…</button>
</section>
<section class="tray" id="jobs" aria-label="Jobs" hidden>
  <ul id="job-list"></ul>
  <button class="button quiet" id="more-jobs" type="button" aria-expanded="false" aria-controls="job-list" hidden></button>
</section>
</div>
<p class="unseen" id="announcements" role="status"></p>`
}
