import type { City, CityStatus } from '../entities/index.ts'
import type { CityPage } from '../routes/select-cities.ts'
import type { CityQuery, CitySort } from '../schemas/index.ts'
import { html, type Html } from './html.ts'
import { filtersOf, pageUrl, pageSize, selectionOf } from './page-query.ts'
import { formatDay, formatNumber, statusLabels } from './format.ts'

/**
 * One page of cities. Data attributes pass the number of matches, and the bulk selection for them, to the scripts of the page.
 * Countries and tags of the cities must be loaded.
 */
export function cityTable ({ total, cities }: CityPage, query: CityQuery): Html {
  return html`
<section id="cities" class="card" aria-label="Cities" tabindex="-1" data-total="${total}" data-sort="${query.sort}" data-filters="${JSON.stringify(filtersOf(query))}" data-selection="${JSON.stringify(selectionOf(query))}"
  hx-get="${pageUrl(query, query.offset)}" hx-trigger="refresh" hx-swap="outerHTML show:none">
  ${cities.length === 0 ? nothing(total, query) : table(cities, query)}
  ${pager(total, cities.length, query)}
</section>`
}

function table (cities: City[], query: CityQuery): Html {
  return html`
<table>
  <caption class="unseen">Cities</caption>
  <thead>
    <tr>
      <th scope="col" class="check"><label class="target"><input type="checkbox" id="select-page" aria-label="Select all cities on this page"></label></th>
      ${columnHeader('name', 'City', '', query)}
      ${columnHeader('country', 'Country', 'wide', query)}
      ${columnHeader('-population', 'Population', 'number wide', query)}
      ${columnHeader('status', 'Status', '', query)}
      ${columnHeader('priority', 'Priority', 'number wide', query)}
      <th scope="col" class="wide">Tags</th>
      ${columnHeader('-reviewedAt', 'Reviewed', 'wide', query)}
    </tr>
  </thead>
  <tbody>${cities.map(row)}</tbody>
</table>`
}

/** A click sorts in the order that is wanted first, the next one in the other, and a third in none. */
function columnHeader (first: CitySort, label: string, classes: string, query: CityQuery): Html {
  const other = (first.startsWith('-') ? first.slice(1) : `-${first}`) as CitySort
  const next = query.sort === first ? other : query.sort === other ? undefined : first
  const { sort, ...unsorted } = query
  const url = pageUrl(next === undefined ? unsorted : { ...unsorted, sort: next })
  const isSorted = sort === first || sort === other
  const direction = sort?.startsWith('-') ? 'descending' : 'ascending'
  return html`
<th scope="col" class="${classes}" aria-sort="${isSorted ? direction : 'none'}">
  <a class="sort" id="sort-${first.replace('-', '')}" href="${url}" hx-get="${url}" hx-target="#cities" hx-swap="outerHTML show:none" hx-push-url="true">${label}</a>
</th>`
}

function row (city: City): Html {
  const country = city.country.getEntity().name
  return html`
<tr data-id="${city.id}">
  <td class="check"><label class="target"><input type="checkbox" value="${city.id}" aria-label="Select ${city.name}, ${country}"></label></td>
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
  <p class="keys"><kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>x</kbd> select · <kbd>Shift</kbd> select a range · <kbd>e</kbd> edit</p>
</nav>`
}

function pageLink (label: string, offset: number, possible: boolean, query: CityQuery): Html {
  if (!possible) return html`<li><span class="button" aria-disabled="true">${label}</span></li>`
  const address = pageUrl(query, offset)
  return html`<li><a class="button" href="${address}" hx-get="${address}" hx-target="#cities" hx-swap="outerHTML show:#cities:top" hx-push-url="true">${label}</a></li>`
}
