/** The page's files as the server sends them: how large, how cached, and nothing else of the folder. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import type { TestCloud } from '../cloud/support/cloud.ts'
import { openWorld } from './support/world.ts'

/** What is needed before there is something to see, and all that a first visit loads, packed. */
const SHELL_MAX_BYTES = 28 * 1024
const VISIT_MAX_BYTES = 160 * 1024

type Answer = {
  status: number
  headers: Record<string, string | string[] | undefined>
  bytes: number
}

/** As a browser asks; what comes is counted as it is on the wire. */
const get = (url: string, headers: Record<string, string> = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(
      url,
      { headers: { 'Accept-Encoding': 'gzip, br', ...headers } },
      (answer) => {
        let bytes = 0
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        answer.on('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes }),
        )
      },
    )
    asked.on('error', reject)
    asked.end()
  })

describe('files of the page', { timeout: 120_000 }, () => {
  let cloud: TestCloud
  let preloaded: string[]

  before(async () => {
    cloud = await openWorld()
    const html = await (await fetch(cloud.httpUrl)).text()
    preloaded = [...html.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, path]) => path!)
  })
  after(() => cloud?.remove())

  test('a first visit is small', async () => {
    const sizes = async (paths: string[]) => {
      const answers = await Promise.all(paths.map((path) => get(cloud.httpUrl + path)))
      for (const { headers } of answers) assert.equal(headers['content-encoding'], 'br')
      return answers.reduce((sum, { bytes }) => sum + bytes, 0)
    }
    const shell = await sizes(['/', '/style.css', '/main.js'])
    const all = shell + (await sizes(preloaded))
    console.log(`page: shell ${shell} bytes, first visit ${all} bytes (brotli)`)
    assert.ok(preloaded.length > 1)
    assert.ok(shell < SHELL_MAX_BYTES, `${shell}`)
    assert.ok(all < VISIT_MAX_BYTES, `${all}`)
  })

  test('what has its hash in its name is kept, the rest is asked for again', async () => {
    const chunk = await get(cloud.httpUrl + preloaded[0]!)
    assert.match(String(chunk.headers['cache-control']), /immutable/)
    const page = await get(cloud.httpUrl)
    assert.equal(page.headers['cache-control'], 'no-cache')
    const again = await get(cloud.httpUrl, { 'If-None-Match': String(page.headers.etag) })
    assert.equal(again.status, 304)
    assert.equal(again.bytes, 0)
  })

  test('a browser that takes nothing packed gets it as it is', async () => {
    const { status, headers, bytes } = await get(`${cloud.httpUrl}/style.css`, {
      'Accept-Encoding': 'identity',
    })
    assert.equal(status, 200)
    assert.equal(headers['content-encoding'], undefined)
    assert.ok(bytes > 4000)
  })

  for (const path of ['/..%2f..%2fpackage.json', '/main.js.br', '/.env', '/chunk-none-AAAAAAAA.js'])
    test(`${path} is not there`, async () => {
      assert.equal((await get(cloud.httpUrl + path)).status, 404)
    })

  test('ffmpeg comes from this server, packed', async () => {
    const { status, headers, bytes } = await get(`${cloud.httpUrl}/ffmpeg/core.wasm`)
    assert.equal(status, 200)
    assert.equal(headers['content-type'], 'application/wasm')
    assert.equal(headers['content-encoding'], 'gzip')
    console.log(`ffmpeg: ${bytes} bytes (gzip)`)
    assert.ok(bytes < 13 * 1024 * 1024, `${bytes}`)
  })
})
