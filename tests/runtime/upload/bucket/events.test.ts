import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bucketEventSchema } from '../../../../runtime/mqtt/bucket-layout.ts'
import { EventCamera } from '../../../e2e/support/event-camera.ts'
import { FAKE_KEYS, FakeS3 } from '../../../support/fake-s3.ts'
import { framesOf } from '../../../support/frames.ts'
import { quiet } from '../../../support/test-camera.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../../tools/demo/${name}`, import.meta.url))
/** As much of a JPEG as is looked at. */
const PICTURE = Uint8Array.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 0xff, 0xd9])

const until = async (what: string, condition: () => boolean): Promise<void> => {
  for (const deadline = Date.now() + 60_000; !condition(); ) {
    assert.ok(Date.now() < deadline, `not within 60 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('events of a device with a bucket', () => {
  let s3: FakeS3
  let camera: EventCamera
  before(async () => {
    s3 = await new FakeS3().start()
    camera = new EventCamera()
    camera.picture = PICTURE
    const code = await camera.system.init({
      productId: 'TEST',
      deviceName: 'camera',
      logger: quiet,
      uplink: {
        kind: 'bucket',
        endpoint: s3.endpoint,
        bucket: 'recordings',
        credentials: FAKE_KEYS,
      },
    })
    assert.equal(code, 0, camera.system.lastError)
    await camera.enter()
    await until('the plan', () => camera.told.includes('start'))
  })
  after(async () => {
    await camera.storage.exitCs()
    await camera.system.exit()
    await s3.stop()
  })

  const events = () =>
    s3.keys(/\/events\/.*\.json$/).map((key) => ({
      key,
      event: bucketEventSchema.parse(s3.json(key)),
    }))

  test('an event with its picture, told when it begins and when it has ended', async () => {
    const frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    assert.equal(camera.storage.startCsEvent(0, 3, 'door'), 0)
    await until('the event', () => events().length === 1)
    assert.equal(events()[0]!.event.endMs, undefined)
    for (const frame of frames.filter(({ ptsMs }) => ptsMs < 6000))
      assert.equal(camera.push(frame), 0)
    assert.equal(camera.storage.stopCsEvent(0, 3, 'door'), 0)
    await until('its result', () => camera.results.length === 1)
    await until('its end', () => events()[0]!.event.endMs !== undefined)
    const [{ key, event }] = events() as [ReturnType<typeof events>[number]]
    assert.match(key, /^TEST\/camera\/0\/\d{8}\/events\/[0-9a-f]{16}-00000001\.json$/)
    assert.deepEqual([event.eventId, event.info, event.isMoment], [3, 'door', false])
    assert.ok(event.endMs! >= event.startMs)
    await until('its picture', () => s3.keys(/\.jpg$/).length === 1)
    assert.deepEqual(s3.objects.get(key.replace('.json', '.jpg'))!.body, Buffer.from(PICTURE))
    assert.equal(camera.lent, 0)
  })

  test('an event of one moment', async () => {
    const code = await camera.storage.reportCsEventDirectly(
      0,
      5,
      'bell',
      0,
      PICTURE,
      PICTURE.length,
    )
    assert.equal(code, 0, camera.storage.lastError(0).message)
    const moment = events().find(({ event }) => event.eventId === 5)!
    assert.equal(moment.event.isMoment, true)
    assert.ok(s3.objects.has(moment.key.replace('.json', '.jpg')))
  })
})
