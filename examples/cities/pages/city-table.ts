import type { City, CityStatus } from '../entities/index.ts'
import type { CityPage } from '../routes/select-cities.ts'
import type { CityQuery } from '../schemas/index.ts'
import { html, type Html } from './html.ts'
import { pageUrl, pageSize, selectionOf } from './page-query.ts'
import { formatDay, formatNumber, statusLabels } from './format.ts'

/**
 * One page of cities. Data attributes tell the scripts of the page how many match, and the bulk selection for them.
 * Countries and tags of the cities must be loaded.
 */
export function cityTable ({ total, cities }: CityPage, query: CityQuery): Html {
  return html`
<section id="cities" class="card" aria-label="Cities" tabindex="-1" data-total="${total}" data-selection="${JSON.stringify(selectionOf(query))}"
  hx-get="${pageUrl(query, query.offset)}" hx-trigger="refresh" hx-swap="outerHTML show:none">
  ${cities.length === 0 ? nothing(total, query) : table(cities)}
  ${pager(total, cities.length, query)}
</section>`
}

function table (cities: City[]): Html {
  return html`
<table>
  <caption class="unseen">Cities, ordered by id</caption>
  <thead>
    <tr>
      <th scope="col" class="check"><input type="checkbox" id="select-page" aria-label="Select all cities on this page"></th>
      <th scope="col">City</th>
      <th scope="col" class="wide">Country</th>
      <th scope="col" class="number wide">Population</th>
      <th scope="col">Status</th>
      <th scope="col" class="number wide">Priority</th>
      <th scope="col" class="wide">Tags</th>
      <th scope="col" class="wide">Reviewed</th>
    </tr>
  </thead>
  <tbody>${cities.map(row)}</tbody>
</table>`
}

function row (city: City): Html {
  const country = city.country.getEntity().name
  return html`
<tr data-id="${city.id}">
  <td class="check"><input type="checkbox" value="${city.id}" aria-label="Select ${city.name}, ${country}"></td>
  <th scope="row" class="name">
    <span class="name-line">${city.name}${city.featureCode === 'PPLC' && html` <span class="badge" title="The capital of its country">Capital</span>`}</span>
    <span class="narrow detail">${country}${city.population > 0 && html` · ${formatNumber(city.population)}`}</span>
    ${city.notes !== null && html`<span class="detail notes" title="${city.notes}">${city.notes}</span>`}
  </th>
  <td class="wide">${country}</td>
  <td class="number wide">${city.population > 0 ? formatNumber(city.population) : none}</td>
  <td><span class="status ${city.status}">${statusLabels[city.status as CityStatus]}</span></td>
  <td class="number wide">${city.priority ?? none}</td>
  <td class="wide">${city.tags.isEmpty() ? none : html`<span class="tags">${city.tags.getItems().map(({ name }) => html`<span class="tag">${name}</span>`)}</span>`}</td>
  <td class="wide">${city.reviewedAt ? formatDay(city.reviewedAt) : none}</td>
</tr>`
}

const none = html`<span class="none" aria-label="none">–</span>`

function nothing (total: number, query: CityQuery): Html {
  return total === 0
    ? html`<p class="nothing">No city matches. <a href="/">Show all of them</a></p>`
    : html`<p class="nothing">There is no such page. <a href="${pageUrl(query)}">Go to the first</a></p>`
}

function pager (total: number, shown: number, query: CityQuery): Html {
  const { offset = 0 } = query
  const last = Math.max(0, Math.ceil(total / pageSize) - 1) * pageSize
  return html`
<nav class="pager" aria-label="Pages">
  <p role="status">${shown === 0 ? 'None' : html`${formatNumber(offset + 1)}–${formatNumber(offset + shown)}`} of <strong>${formatNumber(total)}</strong></p>
  <ul>
    ${pageLink('First', 0, offset > 0, query)}
    ${pageLink('Previous', Math.max(0, offset - pageSize), offset > 0, query)}
    ${pageLink('Next', offset + pageSize, offset < last, query)}
    ${pageLink('Last', last, offset < last, query)}
  </ul>
</nav>`
}

function pageLink (label: string, offset: number, possible: boolean, query: CityQuery): Html {
  if (!possible) return html`<li><span class="button" aria-disabled="true">${label}</span></li>`
  const address = pageUrl(query, offset)
  return html`<li><a class="button" href="${address}" hx-get="${address}" hx-target="#cities" hx-swap="outerHTML show:#cities:top" hx-push-url="true">${label}</a></li>`
}
