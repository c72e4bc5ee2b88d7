import t from 'tap'
import { engineOf } from '../../../src/app/manager/async-manager.ts'
import { citiesBrowser, focused, see, seeCount, textOf } from './page-browser.ts'

const { app, open, complaints } = await citiesBrowser(t)

const boxes = '#cities tbody input[type=checkbox]'

t.test('a choice is searched and made by keyboard, and searching chooses nothing', async (t) => {
  const page = await open('/?country=FR')
  await page.locator(boxes).first().check()
  await page.keyboard.press('e')
  await see(page, '#bulk-dialog form')
  for (const field of ['status', 'country']) {
    t.equal(await page.inputValue(`#choice-${field}`), '', 'it starts empty')
    t.equal(await page.getAttribute(`#choice-${field}`, 'placeholder'), 'Choose …')
  }

  await page.focus('#choice-country')
  await page.keyboard.type('ger')
  await page.locator('#choice-country-list [role=option]', { hasText: 'Germany' }).waitFor()
  await seeCount(page, '#choice-country-list [role=option]', 4)
  t.equal(await page.getAttribute('#choice-country', 'aria-expanded'), 'true')
  t.equal(await page.getAttribute('#choice-country', 'aria-activedescendant'), null)
  await page.keyboard.press('Tab')
  t.equal(await page.inputValue('#choice-country'), '', 'what was only typed does not stay')
  t.equal(await page.isChecked('#change-country'), false)

  await page.focus('#choice-country')
  await page.keyboard.type('ger')
  await seeCount(page, '#choice-country-list [role=option]', 4)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowDown')
  const active = await page.getAttribute('#choice-country', 'aria-activedescendant')
  t.equal(await textOf(page, `#${active}`), 'Germany')
  await page.keyboard.press('Enter')
  t.equal(await page.inputValue('#choice-country'), 'Germany')
  t.equal(await page.isChecked('#change-country'), true, 'a choice implies the change')
  t.equal(await page.getAttribute('#choice-country', 'aria-expanded'), 'false')

  await page.keyboard.press('ArrowDown')
  await page.locator('#choice-country-list [role=option]').nth(4).waitFor()
  await page.keyboard.press('Escape')
  t.equal(await page.inputValue('#choice-country'), 'Germany')
  t.equal(await page.isVisible('#bulk-dialog'), true, 'Esc closes the list first')
  await page.check('#change-status')
  await page.click('#bulk-dialog button[type=submit]')
  await see(page, '.trouble', 'Status: choose a value.')
  t.equal(await focused(page), 'choice-status')
  await page.keyboard.press('Escape')
  await page.locator('#bulk-dialog').waitFor({ state: 'hidden' })
  await page.context().close()
})

t.test('a preview that says that everything would fail does not offer to do it', async (t) => {
  const page = await open('/?country=FR&sort=-population')
  await page.locator(boxes).first().check()
  await page.locator(boxes).nth(1).click({ modifiers: ['Shift'] })
  await page.locator(boxes).nth(3).click({ modifiers: ['Shift'] })
  t.equal(await textOf(page, '#selected-count'), '4')
  const archive = async () => {
    await page.click('#open-edit')
    await page.click('#choice-status')
    await page.keyboard.type('arch')
    await seeCount(page, '#choice-status-list [role=option]', 1)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.click('#bulk-dialog button[type=submit]')
    await see(page, '.verdict')
  }
  await archive()
  t.equal(await textOf(page, '.verdict'), 'Nothing would be changed 1 city cannot be changed, so none would be.')
  t.equal(await textOf(page, '.warning'), '1 city: The capital of a country cannot be archived. Paris')
  t.equal(await textOf(page, '.dialog-buttons'), 'Back Change the other 3')
  await page.click('.dialog-buttons .primary')
  await see(page, '.job', /Change status of 4 cities Partly done Status: Archived 3 changed, 1 failed · just now/)
  t.equal(await focused(page), 'Change status of 4 cities', 'the focus is on the job')
  await page.click('.failures summary')
  await see(page, '.failures li', 'Paris: The capital of a country cannot be archived.')

  await page.locator(boxes).first().check()
  await archive()
  t.equal(await textOf(page, '.verdict'), 'Nothing would be changed This city cannot be changed.')
  t.equal(await textOf(page, '.dialog-buttons'), 'Back', 'nothing is left to be done')
  await page.context().close()
})

t.test('records in another job are left out or waited for', async (t) => {
  const page = await open('/?country=FR&sort=-population')
  await page.locator(boxes).first().check()
  await page.locator(boxes).nth(2).click({ modifiers: ['Shift'] })
  const locked = Number(await page.locator(boxes).nth(1).getAttribute('value'))
  await engineOf(app.powercrud).database.transaction(async (sql) => {
    // The job cannot end while its city is locked here.
    await sql.query('SELECT FROM city WHERE id = $1 FOR UPDATE', [locked])
    const { statusCode } = await app.inject({
      method: 'POST', url: '/cities/bulk-update', headers: { prefer: 'respond-async' }, payload: { selection: { ids: [locked] }, set: { priority: 3 } }
    })
    t.equal(statusCode, 202)
    await page.click('#open-edit')
    await page.fill('#bulk-dialog [type=number]', '4')
    await page.click('#bulk-dialog button[type=submit]')
    await see(page, '.verdict')
    t.equal(await textOf(page, '.verdict'), 'Nothing would be changed Another job is working on 1 city.')
    t.equal(await textOf(page, '.dialog-buttons'), 'Back Wait for them Leave them out')
    await page.click('.dialog-buttons .primary')
    await see(page, '.job', /Change priority of 3 cities Done Priority: 4 2 changed, 1 left out/)
  })
  await page.context().close()
})

t.test('a delete asks with the focus on Cancel, and many are deleted only after their number was typed', async (t) => {
  const page = await open('/?country=AD')
  await page.locator(boxes).first().check()
  await page.click('#open-delete')
  await see(page, '.verdict', 'This would delete 1 city')
  t.equal(await focused(page), 'Cancel')
  t.equal(await page.locator('#typed-number').count(), 0)
  await page.keyboard.press('Enter')
  await page.locator('#bulk-dialog').waitFor({ state: 'hidden' })

  await page.selectOption('[name=country]', 'AT')
  await see(page, '#cities tbody', 'Austria')
  await page.click('#clear-selection')
  await page.locator(boxes).first().check()
  await page.click('#select-matching')
  const size = await textOf(page, '#selected-count')
  t.match(size, /^\d,\d{3}$/)
  await page.click('#open-delete')
  await see(page, '.verdict', `This would delete ${size} cities`)
  t.equal(await focused(page), 'Cancel')
  const go = page.locator('.dialog-buttons .danger')
  t.equal(await go.getAttribute('aria-disabled'), 'true')
  await page.fill('#typed-number', '12')
  t.equal(await go.getAttribute('aria-disabled'), 'true')
  await page.fill('#typed-number', size)
  t.equal(await go.getAttribute('aria-disabled'), 'false')
  await go.click()
  await see(page, '.job.good', new RegExp(`Delete ${size} cities Done ${size} deleted`))
  await see(page, '.nothing', 'No city matches')
  await page.context().close()
})

t.test('the browser has not complained', async (t) => t.same(complaints, []))
