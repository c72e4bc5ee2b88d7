import type { Job } from '../schemas/job.ts'
import { isTerminal } from '../src/engine/states.ts'

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&#39;' }

export function escapeHtml (text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]!)
}

/**
 * The progress of a job as HTML: a bar that polls its replacement every second. The fragment of an ended job carries no
 * trigger, so polling stops once it is in place, with or without a 286.
 */
export function progressFragment (job: Job): string {
  const ended = isTerminal(job.status)
  const text = escapeHtml(textOf(job))
  const polling = ended ? '' : ` hx-get="${escapeHtml(job.links.progress)}" hx-trigger="every 1s" hx-swap="outerHTML"`
  const percent = Math.floor(job.progress.percent)
  const label = escapeHtml(`Progress of ${job.operation}${job.resource === null ? '' : ` ${job.resource}`}`)
  return `<div class="powercrud-progress" data-job-id="${escapeHtml(job.id)}" data-status="${job.status}"${polling}>
  <progress role="progressbar" max="100" value="${percent}" aria-label="${label}" aria-valuemin="0" aria-valuemax="100" aria-valuenow="${percent}" aria-valuetext="${text}">${percent} %</progress>
  <p class="powercrud-progress-text"${ended ? ` role="${job.status === 'succeeded' ? 'status' : 'alert'}"` : ''}>${text}</p>
</div>
`
}

const endings: Record<string, string> = {
  succeeded: 'Done', completed_with_errors: 'Done, with errors', failed: 'Failed', cancelled: 'Cancelled'
}

function textOf ({ status, counts, progress, error }: Job): string {
  const ending = endings[status]
  if (ending === undefined) return `${status}: ${progress.message}`
  const { succeeded, unchanged, missing, skipped, failed, total } = counts
  const parts = Object.entries({ succeeded, unchanged, missing, skipped, failed }).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`)
  return `${ending}: ${parts.length > 0 ? parts.join(', ') : 'nothing changed'} of ${total}${error === null ? '' : `. ${error.message}`}`
}
