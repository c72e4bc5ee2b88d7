import t from 'tap'
import type { Page } from 'playwright-core'
import { citiesBrowser, focused, see, seeCount, textOf } from './page-browser.ts'

const { open, complaints } = await citiesBrowser(t)

const boxes = '#cities tbody input[type=checkbox]'
const selected = async (page: Page) => await textOf(page, '#selected-count')

t.test('rows are selected by click, by ranges and by keyboard', async (t) => {
  const page = await open('/?country=FR')
  const row = (index: number) => page.locator('#cities tbody tr').nth(index).locator('.name')
  await row(1).click()
  t.equal(await selected(page), '1')
  await row(4).click({ modifiers: ['Shift'] })
  t.equal(await selected(page), '4')
  await row(2).click()
  t.equal(await selected(page), '3', 'a click on a selected row takes it out')

  await page.click('#clear-selection')
  t.equal(await focused(page), 'cities', 'the focus is not lost')
  await page.keyboard.press('x')
  t.equal(await selected(page), '1')
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'Shift+Space']) await page.keyboard.press(key)
  t.equal(await selected(page), '4')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('x')
  t.equal(await selected(page), '3')

  await page.keyboard.press('e')
  await see(page, '#bulk-dialog form')
  await page.keyboard.press('Escape')
  await page.locator('#bulk-dialog').waitFor({ state: 'hidden' })
  await page.focus('#filter-q')
  await page.keyboard.type('ex')
  t.equal(await page.inputValue('#filter-q'), 'ex', 'letters in a field are letters')
  t.equal(await page.isVisible('#bulk-dialog'), false)
  await page.context().close()
})

t.test('column headers sort, in one order, the other, and none', async (t) => {
  const page = await open('/?country=FR')
  const header = page.locator('th', { hasText: 'Population' })
  for (const [order, address] of [['descending', /sort=-population/], ['ascending', /sort=population/], ['none', /^[^?]*\?country=FR$/]] as const) {
    await header.getByRole('link').click()
    await page.locator(`th[aria-sort=${order}]`, { hasText: 'Population' }).waitFor()
    await page.waitForURL(address)
  }
  t.pass('sorted')
  await page.context().close()
})

t.test('on a phone, previews are read from the top, and fields and targets are large enough', async (t) => {
  const page = await open('/?country=FR&sort=-population', { viewport: { width: 390, height: 700 }, hasTouch: true })
  const sizeOf = async (selector: string) => (await page.locator(selector).first().boundingBox())!
  for (const selector of ['#filter-q', '[name=country]', '#reset-filters', '#cities .target', '.pager .button']) {
    t.ok((await sizeOf(selector)).height >= 44, selector)
  }
  const widths = await page.locator('html').evaluate((root: { scrollWidth: number, clientWidth: number }) => [root.scrollWidth, root.clientWidth])
  t.equal(widths[0], widths[1], 'nothing is scrolled sideways')

  await page.locator(boxes).nth(0).check()
  for (const index of [1, 2, 3, 4, 5, 6]) await page.locator(boxes).nth(index).check()
  for (const selector of ['#open-edit', '#open-delete', '#clear-selection']) t.ok((await sizeOf(selector)).height >= 44, selector)
  await page.click('#open-edit')
  await see(page, '#bulk-dialog form')
  for (const field of ['#choice-status', '#bulk-dialog [type=number]', '#bulk-dialog textarea', '#bulk-dialog select']) {
    const fontSize = await page.locator(field).first().evaluate((node) => (globalThis as unknown as { getComputedStyle: (node: unknown) => { fontSize: string } }).getComputedStyle(node).fontSize)
    t.equal(fontSize, '16px', `${field}: a smaller one is zoomed into`)
  }
  await page.click('#choice-status')
  await page.locator('#choice-status-list [role=option]', { hasText: 'Archived' }).click()
  await page.fill('#bulk-dialog [type=number]', '2')
  await page.fill('#bulk-dialog textarea', 'A long note. '.repeat(20))
  await page.click('#bulk-dialog button[type=submit]')
  await see(page, '.verdict', 'Nothing would be changed')
  await seeCount(page, '.preview tbody tr', 5)
  const dialog = page.locator('#bulk-dialog')
  t.equal(await dialog.evaluate((node: { scrollTop: number }) => node.scrollTop), 0)
  const verdict = await sizeOf('.verdict')
  t.ok(verdict.y > 0 && verdict.y + verdict.height < 300, 'the verdict is at the top')
  const buttons = await sizeOf('.dialog-buttons')
  t.ok(buttons.y + buttons.height <= 700, 'the buttons are in sight')
  t.equal((await sizeOf('.preview td')).width, (await sizeOf('.preview tbody th')).width, 'each city is a block')
  const [inner, outer] = await dialog.evaluate((node: { scrollWidth: number, clientWidth: number }) => [node.scrollWidth, node.clientWidth])
  t.equal(inner, outer)
  await page.context().close()
})

t.test('the browser has not complained', async (t) => t.same(complaints, []))
