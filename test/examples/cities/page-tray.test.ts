import t from 'tap'
import { citiesBrowser, focused, see, seeCount, textOf } from './page-browser.ts'

const { app, open, away, back, complaints } = await citiesBrowser(t)

const boxes = '#cities tbody input[type=checkbox]'

async function launch (operation: 'update' | 'delete', body: object): Promise<void> {
  const { statusCode } = await app.inject({ method: 'POST', url: `/cities/bulk-${operation}`, payload: body })
  t.ok([200, 202].includes(statusCode), `${operation}: ${statusCode}`)
}

async function cityIds (query: string): Promise<number[]> {
  return (await app.inject(`/cities?${query}`)).json().items.map(({ id }: { id: number }) => id)
}

t.test('jobs are there after a reload, with what they set, and can be undone', async (t) => {
  const ids = await cityIds('country=FR&limit=8&sort=-population')
  await launch('update', { selection: { ids }, set: { priority: 3, notes: 'spring', tags: { add: [2] } }, reason: 'review' })
  const page = await open('/?country=FR&sort=-population')
  await see(page, '.job.good', /^Change 3 fields of 8 cities Done Priority: 3 · Notes: spring · Tags: add historic 8 changed · just now: “review” Undo Results Dismiss$/)
  await page.reload()
  await see(page, '.job.good', 'Change 3 fields of 8 cities Done')
  await page.getByRole('button', { name: 'Undo' }).click()
  await see(page, '.job', /^Undo: change 3 fields of 8 cities Done .* 8 changed back/)
  t.equal(await focused(page), 'Undo: change 3 fields of 8 cities')
  t.equal(await textOf(page, '#more-jobs'), '1 more job')
  await page.click('#more-jobs')
  await seeCount(page, '.job:visible', 2)
  t.match(await textOf(page, '.job:nth-child(2)'), /^Change 3 fields of 8 cities Undone/)
  t.equal(await page.getByRole('button', { name: 'Undo', exact: true }).count(), 0, 'it is undone once')

  await page.getByRole('button', { name: 'Dismiss' }).first().click()
  await seeCount(page, '.job', 1)
  await page.reload()
  await see(page, '.job', 'Change 3 fields of 8 cities Undone')
  await page.context().close()
})

t.test('what became of cities is said in words', async () => {
  const ids = await cityIds('country=AD&limit=3')
  await launch('delete', { selection: { ids } })
  const page = await open('/')
  await see(page, '.job', 'Delete 3 cities Done 3 deleted · just now')
  await page.getByRole('button', { name: 'Undo' }).first().click()
  await see(page, '.job', 'Undo: delete 3 cities Done 3 restored · just now')
  await launch('update', { selection: { filter: { country: 'MC' } }, set: { status: 'archived' }, onError: 'continue' })
  await page.reload()
  await see(page, '.job.fair', /^Change status of \d cities Partly done Status: Archived \d changed, 1 failed/)
  await page.context().close()
})

t.test('a server that is away has a banner, filters do not lie, and all goes on without a reload', async (t) => {
  const page = await open('/?country=FR')
  await see(page, '#cities', 'of 8,836')
  t.equal(await page.isVisible('#away'), false)
  await away()
  await page.selectOption('[name=country]', 'DE')
  await see(page, '#away', 'The server cannot be reached. Your filters are not applied yet. Trying again … Try now')
  t.equal(await page.locator('#cities.stale').count(), 1)
  t.match(page.url(), /country=FR/, 'the address is that of the table')
  t.equal(await page.locator('#cities').getAttribute('inert'), '', 'what is shown cannot be selected for something else')

  await back()
  await page.click('#away .button').catch(() => {})
  await see(page, '#cities tbody', 'Germany')
  t.equal(await page.isVisible('#away'), false)
  t.equal(await page.locator('#cities.stale').count(), 0)
  t.match(page.url(), /country=DE/)

  await page.locator(boxes).first().check()
  await away()
  await page.click('#open-edit')
  await see(page, '#bulk-dialog .trouble', 'The server cannot be reached.')
  await back()
  await page.getByRole('button', { name: 'Try again' }).click()
  await see(page, '#bulk-dialog form')
  await page.keyboard.press('Escape')
  await page.locator('#away').waitFor({ state: 'hidden' })
  await page.context().close()
})

t.test('the browser has not complained', async (t) => t.same(complaints, []))
