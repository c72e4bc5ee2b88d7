import { cityStatuses, type Country } from '../entities/index.ts'
import type { CityQuery } from '../schemas/index.ts'
import { html, type Html } from './html.ts'
import { sortLabels, statusLabels } from './format.ts'

/** Submits itself on every change; without scripts there is a button. */
export function filters (query: CityQuery, countries: Country[]): Html {
  return html`
<search>
  <form class="filters" id="filters" action="/" method="get" autocomplete="off"
    hx-get="/" hx-target="#cities" hx-swap="outerHTML show:none" hx-push-url="true" hx-sync="this:replace"
    hx-trigger="submit, change, input delay:250ms from:#filter-q">
    <label class="field grow">Name
      <input id="filter-q" type="search" name="q" value="${query.q}" maxlength="200" placeholder="A part of the name" autocomplete="off">
    </label>
    <label class="field">Country
      <select name="country">
        <option value="">All countries</option>
        ${countries.map(({ code, name }) => option(code, name, query.country))}
      </select>
    </label>
    <label class="field">Status
      <select name="status">
        <option value="">Any status</option>
        ${cityStatuses.map((status) => option(status, statusLabels[status], query.status))}
      </select>
    </label>
    <label class="field narrow">Sorted by
      <select name="sort" id="filter-sort">
        <option value="">No order</option>
        ${sortLabels.map(([sort, label]) => option(sort, label, query.sort))}
      </select>
    </label>
    <a class="button" href="/" id="reset-filters">Reset</a>
    <noscript><button class="button primary" type="submit">Apply</button></noscript>
  </form>
</search>`
}

function option (value: string, label: string, chosen: string | undefined): Html {
  return value === chosen
    ? html`<option value="${value}" selected>${label}</option>`
    : html`<option value="${value}">${label}</option>`
}
