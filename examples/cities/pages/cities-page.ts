import type { Country } from '../entities/index.ts'
import type { CityPage } from '../routes/select-cities.ts'
import type { CityQuery } from '../schemas/index.ts'
import { cityTable } from './city-table.ts'
import { dock } from './dock.ts'
import { filters } from './filters.ts'
import { html } from './html.ts'
import { layout } from './layout.ts'

export function citiesPage (page: CityPage, query: CityQuery, countries: Country[]): string {
  return layout('Cities of the world', html`
<div id="away" class="away" role="alert" hidden></div>
${filters(query, countries)}
${cityTable(page, query)}
${dock()}
<dialog id="bulk-dialog" class="dialog" aria-labelledby="bulk-title"></dialog>`)
}
