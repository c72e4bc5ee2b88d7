import { html, type Html } from './html.ts'

/**
 * Keeps htmx from evaluating strings and from inserting styles, since the content security policy forbids both. Going
 * back reloads the page: a cached copy would show outdated jobs and locks.
 */
const htmxConfig = JSON.stringify({
  allowEval: false, includeIndicatorStyles: false, selfRequestsOnly: true, historyCacheSize: 0, refreshOnHistoryMiss: true
})

export function layout (title: string, main: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <meta name="htmx-config" content="${htmxConfig}">
  <title>${title}</title>
  <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/assets/page.css">
  <link rel="stylesheet" href="/assets/table.css">
  <link rel="stylesheet" href="/assets/bulk.css">
  <script src="/assets/htmx.js" defer></script>
  <script src="/assets/main.js" type="module"></script>
</head>
<body>
  <a class="skip" href="#cities">Skip to the cities</a>
  <header class="masthead">
    <div class="masthead-title">
      <img src="/assets/icon.svg" alt="" width="40" height="40">
      <div>
        <h1>Cities of the world</h1>
        <p>Edit one, or a hundred thousand at once.</p>
      </div>
    </div>
    <nav aria-label="More">
      <a href="/documentation">API</a>
    </nav>
  </header>
  <main>${main}</main>
</body>
</html>`.markup
}
