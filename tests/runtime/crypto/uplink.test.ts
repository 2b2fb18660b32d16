import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type EncryptionOptions,
  iv_cs_format_e,
  iv_cs_upload_state_e,
} from '../../../runtime/index.ts'
import { sliceManifestSchema } from '../../../runtime/mqtt/bucket-layout.ts'
import { decryptSlice } from '../../support/decrypt.ts'
import { FakeCloud } from '../../support/fake-cloud.ts'
import { FAKE_KEYS, FakeS3 } from '../../support/fake-s3.ts'
import { type Frame, framesOf } from '../../support/frames.ts'
import { muxedTs } from '../../support/muxed.ts'
import { quiet, TestCamera } from '../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))
const { publicKey, privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const DEVICE = { productId: 'TEST', deviceName: 'camera' }

describe('encrypted recordings', () => {
  let cloud: FakeCloud
  let frames: Frame[]
  let expected: Buffer

  before(async () => {
    cloud = await new FakeCloud().start()
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    expected = await muxedTs(frames)
  })
  after(() => cloud.stop())

  const MODES: Record<string, EncryptionOptions> = {
    owner: { mode: 'owner', publicKey },
    cloud: { mode: 'cloud' },
  }
  for (const [name, encryption] of Object.entries(MODES))
    test(`${name}: what arrives is what was dumped, and decrypted what was muxed`, async () => {
      cloud.slices.clear()
      // the second append fails after it was written: the device goes on at the cloud's offset
      let appends = 0
      cloud.fault = ({ method }) =>
        method === 'PATCH' && ++appends === 2 ? { kind: 'lose-answer' } : undefined
      const camera = new TestCamera()
      const dumped: Buffer[] = []
      camera.callbacks = {
        onDumpFile: (_channel, _state, _start, _end, _name, view) => {
          if (view) dumped.push(Buffer.from(view))
          return 0
        },
      }
      const options = { ...DEVICE, deviceSecret: 'secret', cloudUrl: cloud.mqttUrl, encryption }
      assert.equal(await camera.system.init({ ...options, logger: quiet }), 0)
      await camera.init()
      await camera.started
      assert.deepEqual(await camera.record(frames, 30), [])
      await camera.close()
      assert.ok(cloud.bytes.equals(Buffer.concat(dumped)), 'dumped is uploaded')
      assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
      const plain = [...cloud.slices.keys()].sort().map((path) => {
        const { bytes, start, indexes } = cloud.slices.get(path)!
        assert.equal(start.encryption!.key === undefined, name === 'owner')
        const pieces = new Map(indexes.flatMap((index) => index.pieces).map((one) => [one.o, one]))
        return decryptSlice(bytes, 0, [...pieces.values()], start.encryption!, privateKey)
      })
      assert.ok(Buffer.concat(plain).equals(expected))
    })

  test('from the spool, over a restart: the same bytes, the same keys', async () => {
    cloud.slices.clear()
    cloud.fault = () => ({ kind: 'cut' })
    const folder = mkdtempSync(join(tmpdir(), 'skyrill-crypto-'))
    const options = {
      ...DEVICE,
      deviceSecret: 'secret',
      cloudUrl: cloud.mqttUrl,
      encryption: { mode: 'owner' as const, publicKey },
      logger: quiet,
    }
    try {
      const camera = new TestCamera()
      camera.extra = { spool: { path: folder, maxBytes: 64 * 1024 * 1024 } }
      assert.equal(await camera.system.init(options), 0)
      await camera.init({ u32MaxGopSize: 512 * 1024 })
      camera.storage.setCsTransTime(200, 200)
      await camera.started
      for (const [at, frame] of frames.entries()) {
        assert.equal(camera.push(frame), 0)
        if (at % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await camera.close()
      cloud.fault = () => undefined
      const next = new TestCamera()
      next.extra = camera.extra
      assert.equal(await next.system.init(options), 0)
      await next.init({ u32MaxGopSize: 512 * 1024 })
      for (const deadline = Date.now() + 60_000; next.storage.spoolStatus()!.slices > 0; ) {
        assert.ok(Date.now() < deadline, 'the spool is not empty within 60 s')
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await next.close()
      const plain = [...cloud.slices.values()]
        .sort((a, b) => a.start.startPtsMs - b.start.startPtsMs)
        .map(({ bytes, start, indexes, length }) => {
          assert.equal(length, bytes.length)
          const pieces = new Map(
            indexes.flatMap((index) => index.pieces).map((one) => [one.o, one]),
          )
          return decryptSlice(bytes, 0, [...pieces.values()], start.encryption!, privateKey)
        })
      assert.ok(Buffer.concat(plain).equals(expected))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('to a bucket, with the owner alone as reader', async () => {
    const s3 = await new FakeS3().start()
    try {
      const camera = new TestCamera()
      const code = await camera.system.init({
        ...DEVICE,
        logger: quiet,
        encryption: { mode: 'owner', publicKey },
        uplink: {
          kind: 'bucket',
          endpoint: s3.endpoint,
          bucket: 'recordings',
          credentials: FAKE_KEYS,
        },
      })
      assert.equal(code, 0, camera.system.lastError)
      await camera.init({ cs_fmt: iv_cs_format_e.IV_CS_FORMAT_FMP4 })
      await camera.started
      assert.deepEqual(await camera.record(frames, 30), [])
      await camera.close()
      const indexes = s3.keys(/\/index\/\d\d\/[0-9a-f]{16}-\d{8}\.json$/)
      assert.ok(indexes.length > 0)
      for (const key of indexes) {
        const { start, pieces } = sliceManifestSchema.parse(s3.json(key))
        assert.equal(start.encryption!.key, undefined)
        const objects = s3.keys(new RegExp(`/${start.id}/`))
        const bytes = Buffer.concat(objects.map((name) => s3.objects.get(name)!.body))
        const plain = decryptSlice(bytes, start.initBytes, pieces, start.encryption!, privateKey)
        assert.equal(plain.toString('latin1', 4, 8), 'ftyp')
        assert.equal(plain.toString('latin1', start.initBytes + 4, start.initBytes + 8), 'prft')
      }
    } finally {
      await s3.stop()
    }
  })

  for (const [name, encryption, message] of [
    ['a bucket keeps no keys', { mode: 'cloud' }, /encryption must have mode 'owner'/],
    [
      'a private key stays at home',
      { mode: 'owner', publicKey: privateKey },
      /PEM of an RSA public key/,
    ],
    ['what is no key', { mode: 'owner', publicKey: 'x' }, /PEM of an RSA public key/],
  ] as const)
    test(name, async () => {
      const camera = new TestCamera()
      const uplink = {
        kind: 'bucket' as const,
        endpoint: 'http://127.0.0.1:9',
        bucket: 'recordings',
        credentials: FAKE_KEYS,
      }
      assert.notEqual(await camera.system.init({ ...DEVICE, uplink, encryption, logger: quiet }), 0)
      assert.match(camera.system.lastError, message)
    })
})
