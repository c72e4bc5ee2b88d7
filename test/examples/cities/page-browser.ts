import { createServer, connect, type Server, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { chromium, type Page, type ViewportSize } from 'playwright-core'
import type { TestScope } from '../../helpers/test-scope.ts'
import { until } from '../../helpers/until.ts'
import { citiesApp } from './cities-app.ts'

/** What Debian's Chromium needs to run as root, and to leave the network alone. */
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'
]
const waitAtMostMs = 20_000

export interface CitiesBrowser {
  app: FastifyInstance
  /** A new window, with nothing stored. */
  open: (path: string, options?: { viewport?: ViewportSize, hasTouch?: boolean }) => Promise<Page>
  /** Cuts every connection and takes no new ones, as a server that is gone; `back` ends that. */
  away: () => Promise<void>
  back: () => Promise<void>
  /** What the browser complained about: errors of scripts, and what the content security policy has refused. */
  complaints: string[]
}

/** The example with all its cities behind an address that can go away, and a browser. */
export async function citiesBrowser (t: TestScope): Promise<CitiesBrowser> {
  const app = await citiesApp(t)
  const target = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const sockets = new Set<Socket>()
  let gate: Server
  let port = 0
  async function back (): Promise<void> {
    gate = createServer((socket) => {
      const upstream = connect(Number(target.port), target.hostname)
      for (const [one, other] of [[socket, upstream], [upstream, socket]] as const) {
        sockets.add(one)
        one.pipe(other)
        one.on('error', () => {})
        one.on('close', () => {
          sockets.delete(one)
          other.destroy()
        })
      }
    })
    await new Promise<void>((resolve) => gate.listen(port, '127.0.0.1', resolve))
    port = (gate.address() as { port: number }).port
  }
  async function away (): Promise<void> {
    const closed = new Promise((resolve) => gate.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await back()

  const profile = mkdtempSync(join(tmpdir(), 'cities-browser-'))
  t.teardown(() => rmSync(profile, { recursive: true, force: true }))
  const browser = await chromium.launch({ executablePath: process.env.TEST_CHROMIUM ?? '/usr/bin/chromium', args: flags, env: { ...process.env, HOME: profile } })
  const complaints: string[] = []
  // One after another: a browser that is still open would keep connections to the server.
  t.teardown(async () => {
    await browser.close()
    await away().catch(() => {})
  })

  async function open (path: string, options = {}): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    const page = await context.newPage()
    page.setDefaultTimeout(waitAtMostMs)
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      // Requests that fail while the server is away are what is tested.
      if (message.type() === 'error' && !/^(Failed to load resource|htmx:)/.test(message.text())) complaints.push(message.text())
    })
    await page.goto(`http://127.0.0.1:${port}${path}`)
    return page
  }
  return { app, open, away, back, complaints }
}

/** Waits for an element, or for the first one to say this. */
export async function see (page: Page, selector: string, text: string | RegExp = ''): Promise<void> {
  await page.locator(selector).first().waitFor()
  let last = ''
  const isThere = async () => {
    last = await page.locator(selector).first().innerText({ timeout: 1_000 }).then(spaced, () => last)
    return typeof text === 'string' ? last.includes(text) : text.test(last)
  }
  await until(isThere, { what: `${selector} to say ${text}`, deadlineMs: waitAtMostMs }).catch((error: Error) => {
    throw new Error(`${error.message}; it said: ${last}`, { cause: error })
  })
}

function spaced (text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

/** The text of an element as people read it. */
export async function textOf (page: Page, selector: string): Promise<string> {
  return spaced(await page.locator(selector).first().innerText())
}

/** Waits until so many elements are shown. */
export async function seeCount (page: Page, selector: string, count: number): Promise<void> {
  await until(async () => await page.locator(selector).count() === count, { what: `${count} of ${selector}`, deadlineMs: waitAtMostMs })
}

/** The element that has the focus: its id, its label, or its text. */
export async function focused (page: Page): Promise<string> {
  const element = page.locator(':focus')
  return await element.getAttribute('id') ?? await element.getAttribute('aria-label') ?? await element.innerText()
}
