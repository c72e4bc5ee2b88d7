import type { RowResult } from '../../../schemas/results.ts'
import type { PlacedResult } from '../../jobs/results/row-results.ts'

const columns = ['index', 'id', 'outcome', 'code', 'message', 'field'] as const satisfies (keyof RowResult)[]

/** One JSON object per line. */
export async function * asNdjson (results: AsyncIterable<PlacedResult>): AsyncGenerator<string> {
  for await (const lines of batches(results, (result) => `${JSON.stringify(result)}\n`)) yield lines
}

/** RFC 4180, with a header line. */
export async function * asCsv (results: AsyncIterable<PlacedResult>): AsyncGenerator<string> {
  const header = `${columns.join(',')}\r\n`
  for await (const lines of batches(results, (result) => `${columns.map((column) => cell(result[column])).join(',')}\r\n`, header)) yield lines
}

/** Rows are handed on together: a stream of a million tiny pieces would be busy with itself. */
async function * batches (results: AsyncIterable<PlacedResult>, write: (result: RowResult) => string, header: string = ''): AsyncGenerator<string> {
  let batch = header
  for await (const { result } of results) {
    batch += write(result)
    if (batch.length < 16_384) continue
    yield batch
    batch = ''
  }
  if (batch !== '') yield batch
}

/**
 * A text that a spreadsheet would take for a formula is led by an apostrophe, so that it is shown and not run. A number is
 * none, though it is a text where it is a key beyond 2^53.
 */
function cell (value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'number') return String(value)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const guarded = /^[=+\-@\t\r\n]/.test(text) && !/^-\d+(\.\d+)?$/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded
}
