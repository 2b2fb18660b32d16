/** Recordings that were encrypted for their owner: the page asks for the private key and plays them. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { encryptBlocks } from '../../runtime/crypto/aes-cbc.ts'
import { SliceKeys } from '../../runtime/crypto/slice-keys.ts'
import type { Piece } from '../../runtime/mqtt/messages.ts'
import type { TestCloud } from '../cloud/support/cloud.ts'
import type { TestDevice } from '../cloud/support/device.ts'
import { type MadeSlice, makeSlices } from '../cloud/support/media.ts'
import { withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { Browser } from './support/browser.ts'
import { addCamera, minutesAgo, openWorld, upload } from './support/world.ts'

const pair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })

/** A slice as a device encrypts it: each piece by itself. */
const encrypted = ({ start, data, pieces }: MadeSlice, keys: SliceKeys): MadeSlice => {
  const parts: Buffer[] = [data.subarray(0, start.initBytes)]
  const made: Piece[] = []
  let o = start.initBytes
  for (const [at, piece] of pieces.entries()) {
    const plain = [data.subarray(piece.o, piece.o + piece.b)]
    const part = encryptBlocks(keys.key(1), keys.iv(1, at), plain, true)
    parts.push(part)
    made.push({ ...piece, o, b: part.length })
    o += part.length
  }
  const encryption = keys.encryption(1, 0)
  return { start: { ...start, encryption }, data: Buffer.concat(parts), pieces: made }
}

describe('the owner’s key', { skip: needTool('chromium', 'ffmpeg'), timeout: 240_000 }, () => {
  let cloud: TestCloud
  let browser: Browser
  const devices: TestDevice[] = []
  const owner = pair()
  const startMs = minutesAgo(30)

  before(async () => {
    cloud = await openWorld()
    for (const [name, format] of [
      ['cam-a', 'ts'],
      ['cam-b', 'fmp4'],
    ] as const) {
      const device = await addCamera(cloud, name, name)
      devices.push(device)
      const keys = new SliceKeys({ mode: 'owner', publicKey: owner.publicKey })
      await withTempFolder(async (folder) => {
        const slices = makeSlices(folder, { startUtcMs: startMs, boot: 'a', format })
        await upload(
          device,
          slices.map((slice) => encrypted(slice, keys)),
        )
      })
    }
    browser = await Browser.open()
    await browser.page.goto(cloud.viewerUrl)
    await browser.page.waitForSelector('.device[aria-current=true]')
  })
  after(async () => {
    await browser?.close()
    for (const device of devices) await device.close()
    await cloud?.remove()
  })

  const give = async (pem: string) => {
    const file = browser.page.locator('#dialog-owner-key input[type=file]')
    await file.setInputFiles({
      name: 'owner.pem',
      mimeType: 'application/x-pem-file',
      buffer: Buffer.from(pem),
    })
  }

  test('TS: asked for once, what is no key is refused, then it plays', async () => {
    await browser.playAt(startMs + 2000)
    await browser.page.waitForSelector('#dialog-owner-key')
    await give('-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----')
    await browser.untilText('#dialog-owner-key [role=alert]', /not the PEM of a private key/)
    await browser.screenshot('owner-key')
    await give(owner.privateKey)
    const { utcMs } = await browser.playing(startMs + 2000, startMs + 11_000)
    assert.ok(utcMs)
    await browser.untilPicture()
    assert.equal(await browser.page.locator('#dialog-owner-key').count(), 0)
  })

  test('fMP4: another camera of the same owner needs no other key', async () => {
    await browser.page.locator('.device', { hasText: 'cam-b' }).click()
    await browser.playAt(startMs + 3000)
    await browser.playing(startMs + 3000, startMs + 11_000)
    await browser.untilPicture()
    assert.equal(await browser.page.locator('#dialog-owner-key').count(), 0)
  })
})
