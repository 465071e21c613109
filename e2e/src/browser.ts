/** A real browser for journeys: one unpacked Chromium, pages that remember what went wrong, axe. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import bundled from '@sparticuz/chromium'
import { type Browser, chromium, type Page } from 'playwright-core'

const require = createRequire(import.meta.url)
/** The package's own arguments switch web security off and run one process: never those. */
const args = ['--no-sandbox', '--disable-gpu', '--hide-scrollbars']

export interface OpenBrowserOptions {
  /** Start of every relative address: `http://localhost:8080`. */
  baseURL: string
  colorScheme?: 'light' | 'dark'
  /** Accept the certificate of Muster's own authority. */
  ignoreHTTPSErrors?: boolean
  viewport?: { width: number; height: number }
  /** The language of the reader, `en-GB` unless told. */
  locale?: string
}
export interface OpenBrowser {
  readonly browser: Browser
  readonly page: Page
  /** Console errors, uncaught exceptions, refused content and failed loads so far, oldest first. Answers of 4xx a page asked for are not among them. */
  readonly consoleErrors: readonly string[]
  /** Accessibility findings of impact serious or critical on the page as it is now, one line each. */
  seriousFindings(): Promise<string[]>
  /** Goes to another page of the app as a link in it would, without loading the app anew; waits until it stands. */
  visit(path: string): Promise<void>
  /** Waits until nothing of the page is being loaded any more. */
  loaded(): Promise<void>
  close(): Promise<void>
}

export async function openBrowser(options: OpenBrowserOptions): Promise<OpenBrowser> {
  const browser = await chromium.launch({ executablePath: await chromiumPath(), args, headless: true })
  const context = await browser.newContext({
    baseURL: options.baseURL,
    colorScheme: options.colorScheme ?? 'light',
    ignoreHTTPSErrors: options.ignoreHTTPSErrors ?? false,
    viewport: options.viewport ?? { width: 1280, height: 850 },
    locale: options.locale ?? 'en-GB',
    timezoneId: 'UTC',
  })
  const page = await context.newPage()
  const consoleErrors: string[] = []
  page.on('console', (message) => {
    // A 401 before signing in is an answer, not an error of the page.
    const answer = /^Failed to load resource: the server responded with a status of 4\d\d/.test(message.text())
    if (message.type() === 'error' && !answer) consoleErrors.push(`${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => consoleErrors.push(`uncaught: ${error.stack ?? error.message}`))
  return {
    browser,
    page,
    consoleErrors,
    seriousFindings: () => seriousFindings(page),
    visit: (path) => visit(page, path),
    loaded: () => page.locator('main:not(:has-text("Loading…"), :has-text("Wird geladen…"))').waitFor(),
    close: () => browser.close(),
  }
}

async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    for (const heading of document.querySelectorAll('h1')) heading.dataset.left = ''
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, path)
  // The page that is left stays until the other is there.
  await page.locator('h1:not([data-left])').waitFor()
}

interface AxeNode {
  html: string
  failureSummary?: string
}
interface AxeResults {
  violations: { id: string; impact?: string | null; help: string; nodes: AxeNode[] }[]
}

/** What fades in or out is judged when it has: half-transparent text has no contrast of its own. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every((a) => a.playState !== 'running' || a.effect?.getTiming().iterations === Infinity),
  )
}

/** axe is evaluated by the debugger, so the page's content policy stays as strict as it is. */
const axeSource = readFile(require.resolve('axe-core/axe.min.js'), 'utf8')
async function seriousFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(await axeSource)
  await settled(page)
  // What passes is not written up: half of its time.
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(o: object): Promise<AxeResults> } }).axe.run({
      resultTypes: ['violations'],
    }),
  )
  return violations
    .filter((violation) => violation.impact === 'serious' || violation.impact === 'critical')
    .flatMap((violation) =>
      violation.nodes.map(
        (node) =>
          `${violation.id}: ${violation.help}: ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1]?.trim() ?? ''}`,
      ),
    )
}

/** Unpacks Chromium once a version, into a folder named by it; several test processes may come at once. */
async function chromiumPath(): Promise<string> {
  const { version } = JSON.parse(
    await readFile(join(require.resolve('@sparticuz/chromium'), '../../package.json'), 'utf8'),
  ) as { version: string }
  const home = join(tmpdir(), `muster-chromium-${version}-${process.getuid?.() ?? 0}`)
  const path = join(home, 'chromium')
  if (existsSync(path)) return path
  const before = process.env.TMPDIR
  const fresh = await mkdtemp(join(tmpdir(), 'muster-chromium-'))
  try {
    // The package unpacks into the temporary folder and takes any `chromium` it finds there for its own.
    process.env.TMPDIR = fresh
    await bundled.executablePath()
    await rename(fresh, home).catch(async (error: NodeJS.ErrnoException) => {
      if (!existsSync(path)) throw error
    })
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
    await rm(fresh, { recursive: true, force: true })
  }
  return path
}
