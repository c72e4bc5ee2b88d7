/** Markup that is safe to send: inserted values are escaped. */
export class Html {
  readonly markup: string

  constructor (markup: string) {
    this.markup = markup
  }
}

/** What can be inserted into a template; null, undefined and `false` render as nothing. */
export type Content = Html | string | number | false | null | undefined | readonly Content[]

/** Escapes values, unless they are templates themselves. Attributes must be quoted. */
export function html (parts: TemplateStringsArray, ...values: Content[]): Html {
  return new Html(parts.reduce((markup, part, index) => markup + render(values[index - 1]) + part))
}

function render (value: Content): string {
  if (value === false || value === null || value === undefined) return ''
  if (value instanceof Html) return value.markup
  if (typeof value === 'string' || typeof value === 'number') return escape(String(value))
  return value.map(render).join('')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

function escape (text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => entities[character]!)
}
