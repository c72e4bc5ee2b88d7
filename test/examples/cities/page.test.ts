import t from 'tap'
import { html } from '../../../examples/cities/pages/html.ts'
import { pageUrl, selectionOf } from '../../../examples/cities/pages/page-query.ts'
import { citiesApp } from './cities-app.ts'

t.test('templates escape every value but templates', async (t) => {
  const nasty = '<script>"\'&'
  t.equal(html`<p title="${nasty}">${[nasty, html`<b>${1}</b>`]}${null}${false}${undefined}</p>`.markup,
    '<p title="&lt;script&gt;&quot;&#39;&amp;">&lt;script&gt;&quot;&#39;&amp;<b>1</b></p>')
})

t.test('what the bulk routes call the cities of a page', async (t) => {
  t.same(selectionOf({ offset: 50 }), { all: true })
  t.same(selectionOf({ country: 'FR', status: 'flagged', q: 'a' }), { filter: { country: 'FR', status: 'flagged', name: { contains: 'a' } } })
  t.equal(pageUrl({}), '/')
  t.equal(pageUrl({ country: 'FR', q: 'é&' }, 50), '/?q=%C3%A9%26&country=FR&offset=50')
})

t.test('the page', async (t) => {
  const app = await citiesApp(t)

  await t.test('is whole for a browser and a part for htmx', async (t) => {
    const whole = await app.inject('/?country=FR&status=&q=')
    t.match(whole.body, /^<!doctype html>[^]*<option value="FR" selected>France<\/option>[^]*data-total="8836"/)
    const part = await app.inject({ url: '/?country=FR', headers: { 'hx-request': 'true' } })
    t.match(part.body.trimStart(), /^<section id="cities"/)
    const restored = await app.inject({ url: '/', headers: { 'hx-request': 'true', 'hx-history-restore-request': 'true' } })
    t.match(restored.body, /^<!doctype html>/)
  })

  await t.test('loads nothing from elsewhere', async (t) => {
    const { body, headers } = await app.inject('/')
    t.match(headers['content-security-policy'], "default-src 'self'")
    const addresses = [...body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, address]) => address!)
    t.ok(addresses.includes('/assets/htmx.js'))
    for (const address of addresses) {
      const { statusCode, headers: { etag } } = await app.inject(address)
      t.equal(statusCode, 200, address)
      t.equal((await app.inject({ url: address, headers: { 'if-none-match': String(etag) } })).statusCode, 304)
    }
    t.notMatch(body, /(?:src|href)="(?:https?:)?\/\//)
  })

  await t.test('shows what people have typed as text', async (t) => {
    await app.inject({ method: 'PATCH', url: '/cities/2988507', payload: { notes: '<img src=x onerror=alert(1)>' } })
    const { body } = await app.inject('/?q=paris&country=FR')
    t.match(body, '&lt;img src=x onerror=alert(1)&gt;')
    t.notMatch(body, '<img src=x')
    t.match((await app.inject('/?q=%22%3E%3Cscript%3E')).body, 'value="&quot;&gt;&lt;script&gt;"')
  })

  await t.test('has an answer for an address that makes no sense', async (t) => {
    t.match((await app.inject('/?status=nonsense')).body, 'data-total="135233"')
    t.match((await app.inject('/?offset=999999')).body, 'There is no such page')
    t.match((await app.inject('/?q=no+such+place')).body, 'No city matches')
  })
})
