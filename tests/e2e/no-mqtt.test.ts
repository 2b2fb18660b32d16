/** A chip without MQTT: its neighbour has the connection, the app carries messages between them and tells the plan (onGetBalance). */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import mqtt, { type MqttClient } from 'mqtt'
import { hmacLogin } from '../../runtime/identity.ts'
import {
  CloudStorage,
  iv_cs_type_e,
  iv_err_code_e,
  type Relay,
  System,
} from '../../runtime/index.ts'
import { downFilter, topic } from '../../runtime/mqtt/topics.ts'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { framesOf } from '../support/frames.ts'
import { initParams, quiet } from '../support/test-camera.ts'
import { call, register, slicesOf } from './support/cloud-client.ts'

const clip = fileURLToPath(new URL('../../tools/demo/clip.h264', import.meta.url))
const JPEG = new Uint8Array(4000).fill(7)
JPEG.set([0xff, 0xd8, 0xff, 0xe0])
type Identity = Awaited<ReturnType<typeof register>>

/** The chip that has MQTT, as its maker might write it: publishes what it is given, waits for the answer with the same token. */
class Neighbour {
  readonly #client: MqttClient
  readonly #identity: Identity
  readonly #waiting = new Map<string, (answer: string) => void>()
  onUnasked: (message: string) => void = () => {}

  constructor(identity: Identity) {
    this.#identity = identity
    const { productId, deviceName, deviceSecret, cloudUrl } = identity
    const expiryS = Math.floor(Date.now() / 1000) + 3600
    this.#client = mqtt.connect(cloudUrl, {
      ...hmacLogin(productId, deviceName, deviceSecret, expiryS, 'relay'),
      protocolVersion: 4,
    })
    this.#client.on('message', (_, payload) => {
      const text = payload.toString()
      const { clientToken } = JSON.parse(text) as { clientToken: string }
      const answer = this.#waiting.get(clientToken)
      if (answer) answer(text)
      else this.onUnasked(text)
    })
  }

  async start(): Promise<void> {
    const { productId, deviceName } = this.#identity
    await new Promise<void>((resolve) => this.#client.once('connect', () => resolve()))
    await this.#client.subscribeAsync(downFilter(productId, deviceName), { qos: 1 })
  }

  readonly relay: Relay = async (kind, message, timeoutMs) => {
    const { productId, deviceName } = this.#identity
    const { clientToken } = JSON.parse(message) as { clientToken: string }
    const answer = new Promise<string | undefined>((resolve) => {
      if (timeoutMs === 0) return resolve(undefined)
      const timer = setTimeout(() => resolve(undefined), timeoutMs)
      this.#waiting.set(clientToken, (text) => {
        clearTimeout(timer)
        resolve(text)
      })
    }).finally(() => this.#waiting.delete(clientToken))
    await this.#client.publishAsync(topic('up', kind, productId, deviceName), message, { qos: 1 })
    return answer
  }

  async stop(): Promise<void> {
    await this.#client.endAsync()
  }
}

describe('a chip without MQTT', { timeout: 110_000 }, () => {
  let cloud: TestCloud
  before(async () => {
    cloud = await openCloud({ logLevel: 'warn' })
  })
  after(() => cloud.remove())

  test('records, and reports an event with its picture, through its neighbour', async () => {
    const identity = await register(cloud, 'neighbour', 0, { type: 'event', days: 7 })
    const neighbour = new Neighbour(identity)
    await neighbour.start()
    const system = new System()
    neighbour.onUnasked = (message) => void system.receive(message)
    const storage = new CloudStorage(system)
    const results: number[] = []
    let starts = 0
    assert.equal(
      await system.init({
        productId: identity.productId,
        deviceName: identity.deviceName,
        relay: neighbour.relay,
        logger: quiet,
      }),
      iv_err_code_e.IV_ERR_NONE,
      system.lastError,
    )
    assert.equal(
      await storage.initCs(
        initParams(
          {},
          {
            onGetBalance: (_, answer) => {
              answer.is_vaild = 1
              answer.balance.cs_switch = 1
              answer.balance.cs_type = iv_cs_type_e.CS_TYPE_EVENT
              answer.balance.cs_days = 7
              return 0
            },
            onStartPushStream: () => {
              starts++
            },
            onEventCapturePicture: (_, __, picture) => {
              picture.pic = JPEG
              picture.size = JPEG.length
              return 0
            },
            onEventReportResult: (_, info) => {
              results.push(info.result_code)
              return 0
            },
          },
        ),
      ),
      iv_err_code_e.IV_ERR_NONE,
    )
    // the app has kept the 10 s before the event
    const begin = (): boolean => storage.startCsEventExt(0, 5, 'door', 0, 10) === 0
    await until('the plan', begin, 30_000)
    await until('the start', () => starts === 1, 30_000)
    for (const frame of (await framesOf(clip, 'h264')).slice(0, 250)) {
      const pack = {
        pu8Addr: frame.data,
        u64PTS: frame.ptsMs,
        u32Seq: frame.seq,
        eFrameType: frame.key ? 0 : 1,
      }
      assert.equal(storage.pushCsStream(0, 1, pack), 0)
    }
    assert.equal(storage.stopCsEvent(0, 5, 'door'), 0)
    await until('the result', () => results.length === 1, 60_000)
    assert.deepEqual(results, [1])
    const range = `from=${Date.now() - 600_000}&to=${Date.now() + 60_000}`
    const listed = await call(cloud, 'GET', `/api/devices/TEST/neighbour/events?${range}`)
    const { events } = (await listed.json()) as {
      events: { eventId: number; info: string; video: string; picture: string | null }[]
    }
    assert.equal(events.length, 1)
    assert.equal(events[0]!.info, 'door')
    assert.equal(events[0]!.video, 'whole')
    assert.ok(events[0]!.picture)
    await storage.exitCs()
    await system.exit()
    const slices = await slicesOf(cloud, identity)
    assert.equal(slices.length, 1)
    assert.equal(slices[0]!.frames, 250)
    await neighbour.stop()
  })
})
