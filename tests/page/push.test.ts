/** Notifications: subscribing in the settings, and what the service worker shows. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type TestCloud, until } from '../cloud/support/cloud.ts'
import { needTool } from '../support/tools.ts'
import { Browser, WAIT_MS } from './support/browser.ts'
import { openWorld } from './support/world.ts'

const ENDPOINT = 'https://push.example.com/send/abc'

/** A push service cannot be had without its maker's network: the subscription is one that the test gives. */
const FAKE_SUBSCRIPTION = `(() => {
  let given = null
  const made = {
    endpoint: ${JSON.stringify(ENDPOINT)},
    toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: 'BAAA', auth: 'AAAA' } }),
    unsubscribe: async () => { given = null; return true },
  }
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    globalThis.__key = applicationServerKey
    given = made
    return made
  }
  PushManager.prototype.getSubscription = async () => given
})()`

type Hooks = { hooks: { kind: string; target: string; rule: { topics: string[] } }[] }

describe('notifications', { skip: needTool('chromium'), timeout: 120_000 }, () => {
  let cloud: TestCloud
  let browser: Browser

  const hooks = async () => ((await (await cloud.api('GET', '/hooks')).json()) as Hooks).hooks

  before(async () => {
    cloud = await openWorld()
    browser = await Browser.open()
    await browser.context.grantPermissions(['notifications'], { origin: cloud.httpUrl })
    await browser.page.addInitScript(FAKE_SUBSCRIPTION)
    await browser.page.goto(cloud.viewerUrl)
    await browser.page.waitForSelector('#no-devices strong')
  })
  after(async () => {
    await browser?.close()
    await cloud?.remove()
  })

  test('a browser subscribes to what is ticked', async () => {
    const { page } = browser
    await page.click('#settings')
    await page.check('#push [value=event]')
    const made = await until('the subscription', async () => (await hooks())[0], WAIT_MS)
    assert.equal(made.kind, 'push')
    assert.equal(made.target, new URL(ENDPOINT).host)
    assert.deepEqual(made.rule.topics, ['event'])
    const { publicKey } = (await (await cloud.api('GET', '/push/key')).json()) as {
      publicKey: string
    }
    assert.equal(await page.evaluate('__key'), publicKey)
    await page.check('#push [value=offline]')
    await until('both', async () => (await hooks())[0]?.rule.topics.length === 2, WAIT_MS)
    assert.deepEqual(browser.faults, [])
  })

  test('what is pushed is shown, and leads to its moment', async () => {
    const { page } = browser
    const session = await page.context().newCDPSession(page)
    let registrationId = ''
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      registrationId = registrations[0]?.registrationId ?? registrationId
    })
    await session.send('ServiceWorker.enable')
    await until('the worker', () => registrationId !== '', WAIT_MS)
    const news = {
      ...{ topic: 'event', text: 'Front door: <b>Somebody</b> at the door', createdMs: Date.now() },
      device: { productId: 'P1', deviceName: 'front-door', label: 'Front door' },
      event: { channel: 0, videoStartMs: 1_795_500_000_000 },
    }
    await session.send('ServiceWorker.deliverPushMessage', {
      origin: cloud.httpUrl,
      registrationId,
      data: JSON.stringify(news),
    })
    const shown = `navigator.serviceWorker.ready.then(async (ready) =>
      (await ready.getNotifications()).map(({ title, body, data }) => ({ title, body, data })))`
    type Shown = { title: string; body: string; data: string }
    const [one] = await until(
      'the notification',
      async () => {
        const all = await page.evaluate<Shown[]>(shown)
        return all.length > 0 && all
      },
      WAIT_MS,
    )
    assert.deepEqual(one, {
      title: 'Front door',
      body: news.text,
      data: '/#P1/front-door/0@1795500000000',
    })
  })

  test('without a tick the browser is told of nothing any more', async () => {
    const { page } = browser
    for (const topic of ['event', 'offline']) await page.uncheck(`#push [value=${topic}]`)
    await until('no hook', async () => (await hooks()).length === 0, WAIT_MS)
    await browser.until(
      'no worker',
      `navigator.serviceWorker.getRegistration().then((one) => one === undefined)`,
    )
    assert.deepEqual(browser.faults, [])
  })
})
