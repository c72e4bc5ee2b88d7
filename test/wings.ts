/**
 * The wings of src from the bottom up; those of one row do not import each other. A wing imports only from wings below it,
 * types included. The ground (files directly in src, and validation) is below all of them.
 */
export const wings: readonly (readonly string[])[] = [
  ['database'],
  ['queue', 'live'],
  ['migrations'],
  ['entities'],
  ['engine'],
  ['jobs'],
  ['execution'],
  ['operations'],
  ['app']
]
