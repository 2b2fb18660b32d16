import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type BucketUplinkOptions,
  iv_cs_format_e,
  iv_cs_notify_msg_type_e,
  iv_cs_upload_state_e,
} from '../../../../runtime/index.ts'
import {
  hourIndexSchema,
  type SliceManifest,
  sliceManifestSchema,
  unpackObjectPieces,
} from '../../../../runtime/mqtt/bucket-layout.ts'
import { FAKE_KEYS, FakeS3, type S3Fault } from '../../../support/fake-s3.ts'
import { type Frame, framesOf, looped } from '../../../support/frames.ts'
import { muxedTs } from '../../../support/muxed.ts'
import { quiet, TestCamera } from '../../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../../tools/demo/${name}`, import.meta.url))
const {
  IV_CS_AV_UPLOAD_CONNECT_FAIL: FAIL,
  IV_CS_AV_UPLOAD_CONNECT_RECOVER: RECOVER,
  IV_CS_AV_UPLOAD_STATE_MSG: STATE,
  IV_CS_COS_SERVICE_WRONG: WRONG,
} = iv_cs_notify_msg_type_e
const DEVICE = { productId: 'TEST', deviceName: 'camera' }
const SLICE_INDEX = /\/index\/\d\d\/[0-9a-f]{16}-\d{8}\.json$/
const HOUR_INDEX = /\/index\/\d\d\/[0-9a-f]{16}-\d{8}_\d{8}\.json$/
const OBJECT = /\/\d{10}\.(ts|mp4)$/

const uplinkTo = (s3: FakeS3, more: Partial<BucketUplinkOptions> = {}): BucketUplinkOptions => ({
  kind: 'bucket',
  endpoint: s3.endpoint,
  bucket: 'recordings',
  credentials: FAKE_KEYS,
  ...more,
})

const open = async (uplink: BucketUplinkOptions, format = iv_cs_format_e.IV_CS_FORMAT_TS) => {
  const camera = new TestCamera()
  const code = await camera.system.init({ ...DEVICE, uplink, logger: quiet })
  assert.equal(code, 0, camera.system.lastError)
  await camera.init({ cs_fmt: format })
  // a machine that stands still for seconds is no fault of the line
  camera.storage.setCsTransTime(60_000, 60_000)
  await camera.started
  return camera
}

const manifests = (s3: FakeS3): SliceManifest[] =>
  s3.keys(SLICE_INDEX).map((key) => sliceManifestSchema.parse(s3.json(key)))

const stored = (s3: FakeS3): Buffer =>
  Buffer.concat(s3.keys(OBJECT).map((key) => s3.objects.get(key)!.body))

const error = (status: number, code: string, headers?: Record<string, string>): S3Fault => ({
  kind: 'error',
  status,
  code,
  ...(headers && { headers }),
})
const at =
  (numbers: readonly number[], fault: S3Fault) =>
  (_: string, number: number): S3Fault | undefined =>
    numbers.includes(number) ? fault : undefined

const until = async (condition: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 60_000; !condition(); ) {
    assert.ok(Date.now() < deadline, 'not within 60 s')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Each must end with every byte in the bucket; `notices` are those besides the slices' results. */
const CASES: {
  name: string
  fault: (key: string, number: number) => S3Fault | undefined
  notices?: iv_cs_notify_msg_type_e[]
}[] = [
  { name: 'nothing goes wrong', fault: () => undefined },
  { name: 'a PUT is cut', fault: at([1], { kind: 'cut' }), notices: [FAIL, RECOVER] },
  {
    name: 'the answer to a PUT is lost',
    fault: at([0, 2], { kind: 'lose-answer' }),
    notices: [FAIL, RECOVER, FAIL, RECOVER],
  },
  { name: '503 SlowDown', fault: at([1], error(503, 'SlowDown')) },
  { name: '500', fault: at([1, 2], error(500, 'InternalError')), notices: [WRONG] },
  { name: 'a portal answers', fault: at([0], { kind: 'page' }), notices: [FAIL, RECOVER] },
  {
    name: '403 ExpiredToken: the keys are asked for anew',
    fault: at([1], error(403, 'ExpiredToken')),
  },
  { name: 'damaged on its way', fault: at([1], error(400, 'XAmzContentSHA256Mismatch')) },
]

describe('uploads to a bucket', () => {
  let s3: FakeS3
  let frames: Frame[]
  let expected: Buffer
  const fresh = (): void => {
    s3.objects.clear()
    s3.requests.length = 0
    s3.fault = () => undefined
    s3.nowMs = Date.now
  }

  before(async () => {
    s3 = await new FakeS3().start()
    const turn = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    frames = turn
    expected = await muxedTs(frames)
  })
  after(() => s3.stop())

  for (const { name, fault, notices = [] } of CASES)
    test(name, async () => {
      fresh()
      s3.fault = fault
      const camera = await open(uplinkTo(s3))
      assert.deepEqual(await camera.record(frames, 30), [])
      await camera.close()
      assert.ok(stored(s3).equals(expected), 'the bucket has what was muxed')
      assert.ok(camera.slices.length > 0)
      assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
      assert.deepEqual(
        camera.notices.filter((type) => [FAIL, RECOVER, WRONG].includes(type)),
        notices,
      )
      assert.ok(camera.notices.includes(STATE))
    })

  test('an index tells of every object and piece of its slice', async () => {
    fresh()
    const camera = await open(uplinkTo(s3, { prefix: 'cameras/yard', storageClass: 'STANDARD_IA' }))
    await camera.record(looped(frames, 2, Math.max(...frames.map(({ ptsMs }) => ptsMs)) + 40), 30)
    await camera.close()
    const slices = manifests(s3)
    assert.ok(slices.length >= 2)
    for (const { start, end, bytes, objects, pieces } of slices) {
      assert.ok(end, 'it says how it ended')
      let offset = start.initBytes
      for (const piece of pieces) {
        assert.equal(piece.o, offset)
        assert.equal(piece.open, undefined)
        offset += piece.b
      }
      assert.equal(offset, bytes)
      let at = 0
      for (const { o, b, h } of objects) {
        assert.equal(o, at)
        const key = s3
          .keys(OBJECT)
          .find((name) => name.endsWith(`/${start.id}/${String(o).padStart(10, '0')}.ts`))!
        assert.match(key, /^cameras\/yard\/TEST\/camera\/0\/\d{8}\/\d\d\//)
        const { body, headers } = s3.objects.get(key)!
        assert.equal(body.length, b)
        assert.equal(createHash('sha256').update(body).digest('hex'), h)
        assert.equal(headers['x-amz-storage-class'], 'STANDARD_IA')
        const meta = JSON.parse(String(headers['x-amz-meta-skyrill']))
        assert.deepEqual(meta.start, start)
        assert.deepEqual(
          unpackObjectPieces(meta.pieces, o, meta.t),
          pieces.filter((piece) => piece.o >= o && piece.o < o + b),
        )
        at += b
      }
      assert.equal(at, bytes)
    }
    const [hour] = s3.keys(HOUR_INDEX)
    assert.ok(hour, 'slices of an hour have an index together')
    assert.deepEqual(hourIndexSchema.parse(s3.json(hour)).slices.length, slices.length)
  })

  test('fMP4: the first object begins with the init segment, each ends with a GOP', async () => {
    fresh()
    const camera = await open(uplinkTo(s3), iv_cs_format_e.IV_CS_FORMAT_FMP4)
    assert.deepEqual(await camera.record(frames, 30), [])
    await camera.close()
    const [slice] = manifests(s3)
    assert.ok(slice!.start.initBytes > 0)
    assert.equal(slice!.pieces[0]!.o, slice!.start.initBytes)
    const starts = slice!.pieces.filter((piece) => piece.k === 1).map((piece) => piece.o)
    for (const { o } of slice!.objects.slice(1)) assert.ok(starts.includes(o))
  })

  for (const offsetMs of [3_600_000, -86_400_000, -56 * 365 * 86_400_000])
    test(`a store whose clock is ${offsetMs} ms off is believed`, async () => {
      fresh()
      s3.nowMs = () => Date.now() + offsetMs
      const camera = await open(uplinkTo(s3))
      assert.deepEqual(await camera.record(frames, 30), [])
      const { bucket } = camera.storage.stats(0)!
      await camera.close()
      assert.ok(stored(s3).equals(expected))
      assert.ok(Math.abs(bucket!.clockOffsetMs - offsetMs) < 60_000)
      assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
    })

  test('keys from a provider: asked for anew once, on 403', async () => {
    fresh()
    const reasons: string[] = []
    const credentials: BucketUplinkOptions['credentials'] = async (_, reason) => {
      reasons.push(reason)
      const keys = reasons.length === 1 ? { ...FAKE_KEYS, secretAccessKey: 'old' } : FAKE_KEYS
      return { ...keys, expiresAtMs: Date.now() + 3_600_000 }
    }
    const camera = await open(uplinkTo(s3, { credentials }))
    assert.deepEqual(await camera.record(frames, 30), [])
    await camera.close()
    assert.ok(stored(s3).equals(expected))
    assert.deepEqual(reasons, ['first', 'refused'])
  })

  for (const [name, more] of [
    ['there is no such bucket', { bucket: 'elsewhere' }],
    ['the keys are wrong', { credentials: { ...FAKE_KEYS, secretAccessKey: 'wrong' } }],
  ] as const)
    test(`${name}: told of once, no storm of requests`, async () => {
      fresh()
      const camera = await open(uplinkTo(s3, more))
      await camera.record(frames.filter(({ ptsMs }) => ptsMs < 9000))
      await until(() => camera.notices.includes(WRONG))
      await new Promise((resolve) => setTimeout(resolve, 500))
      const { requests } = s3
      assert.ok(requests.length > 0 && requests.length <= 4, `${requests.length} requests`)
      assert.deepEqual(
        camera.notices.filter((type) => type === WRONG),
        [WRONG],
      )
      camera.storage.setCsTransTime(50, 50)
      await camera.close()
    })

  test('a second bucket takes over while the first fails, and gives back', async () => {
    fresh()
    const second = await new FakeS3().start()
    try {
      s3.fault = at([1], error(404, 'NoSuchBucket'))
      const camera = await open(
        uplinkTo(s3, {
          fallback: { endpoint: second.endpoint, bucket: 'recordings', credentials: FAKE_KEYS },
        }),
      )
      assert.deepEqual(await camera.record(frames, 30), [])
      await until(() => camera.storage.stats(0)?.bucket?.onFallback === true)
      await camera.close()
      const parts = [...s3.keys(OBJECT), ...second.keys(OBJECT)].sort()
      const bytes = parts.map((key) => (s3.objects.get(key) ?? second.objects.get(key))!.body)
      assert.ok(Buffer.concat(bytes).equals(expected), 'each byte is in one of them')
      const [first] = manifests(second)
      assert.deepEqual(
        first!.objects.map(({ s = 0 }) => s),
        first!.objects.map(({ o }) => (o === 0 ? 0 : 1)),
      )
    } finally {
      await second.stop()
    }
  })

  test('initCs says how large the buffer has to be', async () => {
    const camera = new TestCamera()
    await camera.system.init({
      ...DEVICE,
      uplink: uplinkTo(s3, { maxGopBytes: 1_000_000 }),
      logger: quiet,
    })
    await assert.rejects(
      camera.init({ u32MaxGopSize: 2 * 1024 * 1024 }),
      /u32MaxGopSize of at least 2252800 bytes \(2 GOPs of 1000000 bytes and 25 %\), not 2097152/,
    )
    await camera.init({ u32MaxGopSize: 2_252_800 })
    await camera.close()
  })

  test('another signs the URLs: it is told what is to be put', async () => {
    fresh()
    const keys: string[] = []
    const camera = await open({
      kind: 'bucket',
      endpoint: s3.endpoint,
      bucket: 'recordings',
      presign: async ({ key }) => {
        keys.push(key)
        return { denied: 'refused', message: 'not now' }
      },
    })
    await camera.record(frames.filter(({ ptsMs }) => ptsMs < 5000))
    await until(() => keys.length > 0)
    assert.match(keys[0]!, /^TEST\/camera\/0\/\d{8}\/\d\d\/[0-9a-f]{16}-00000001\/0000000000\.ts$/)
    assert.equal(s3.requests.length, 0)
    camera.storage.setCsTransTime(50, 50)
    await camera.close()
  })
})
