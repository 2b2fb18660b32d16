/**
 * Each fault of the network alone, between a real device and the real cloud: while the device has half of a recording still to send, every request
 * meets the fault until it has struck a few times; then the line is well again, and all of the recording must be there, byte for byte.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { iv_cs_notify_msg_type_e, iv_cs_upload_state_e } from '../../runtime/index.ts'
import { until } from '../cloud/support/cloud.ts'
import { download } from '../e2e/support/cloud-client.ts'
import type { Fault, ProxiedRequest } from '../support/fault-proxy.ts'
import { muxedTs } from '../support/muxed.ts'
import { demoFrames, openRig, PATIENCE_MS, type Rig, settled } from './support/rig.ts'

const {
  IV_CS_AV_UPLOAD_CONNECT_FAIL: FAIL,
  IV_CS_AV_UPLOAD_CONNECT_RECOVER: RECOVER,
  IV_CS_COS_SERVICE_WRONG: WRONG,
} = iv_cs_notify_msg_type_e

type Case = {
  name: string
  fault: Fault
  /** what the app is told, once each: the line is down and back, or the service is wrong; where HEAD works and appends do not, the line flaps */
  told: 'line' | 'flaps' | 'wrong' | 'nothing'
  /** the fault has bitten when it has struck so many requests */
  hits?: number
  match?: (request: ProxiedRequest) => boolean
  /** it is a configuration error, which is tried again rarely: the connection to the broker is cut, whose return ends the wait */
  reconnect?: boolean
}

const PORTAL = '<!doctype html><title>Welcome to our Wi-Fi</title><p>Please sign in.'
const appends = ({ method }: ProxiedRequest): boolean => method === 'PATCH'
const status = (
  code: number,
  told: Case['told'],
  more: Partial<Extract<Fault, { kind: 'answer' }>> & Partial<Case> = {},
): Case => {
  const { headers, body, ...rest } = more
  const fault: Fault = {
    kind: 'answer',
    status: code,
    ...(headers && { headers }),
    ...(body !== undefined && { body }),
  }
  return { name: `${code}`, fault, told, ...rest }
}
const TUS = { 'Tus-Resumable': '1.0.0' }

const CASES: readonly Case[] = [
  { name: 'connections are refused', fault: { kind: 'refuse' }, told: 'line', hits: 1 },
  { name: 'the line is cut when a request comes', fault: { kind: 'cut' }, told: 'line' },
  { name: 'the same with RST', fault: { kind: 'reset' }, told: 'line' },
  {
    name: 'the line is cut within the head of a request',
    fault: { kind: 'cut-request', afterBytes: 100 },
    told: 'line',
  },
  {
    name: 'the line is cut within the body of an append',
    fault: { kind: 'cut-request', afterBytes: 20_000 },
    told: 'flaps',
    match: appends,
  },
  {
    name: 'the acknowledgement is lost after the write',
    fault: { kind: 'cut-answer', afterBytes: 0 },
    told: 'flaps',
    match: appends,
  },
  {
    name: 'every answer is lost after the write',
    fault: { kind: 'cut-answer', afterBytes: 0 },
    told: 'line',
  },
  {
    name: 'the line is cut in the middle of an answer',
    fault: { kind: 'cut-answer', afterBytes: 40 },
    told: 'line',
  },
  {
    name: 'the acknowledgement never comes and the line stays',
    fault: { kind: 'hold-answer' },
    told: 'flaps',
    match: appends,
  },
  { name: 'the line stalls', fault: { kind: 'stall' }, told: 'line' },
  {
    name: 'half-open: the other side is gone without a word',
    fault: { kind: 'half-open' },
    told: 'line',
  },
  { name: 'answers come late', fault: { kind: 'delay', ms: 400 }, told: 'nothing' },
  { name: 'the answer is no HTTP', fault: { kind: 'garbage' }, told: 'line' },
  status(200, 'line', {
    name: 'captive portal: 200 with a page',
    headers: { 'Content-Type': 'text/html' },
    body: PORTAL,
  }),
  status(302, 'line', {
    name: 'captive portal: a redirect',
    headers: { Location: 'http://127.0.0.1:9/login' },
  }),
  status(204, 'line', { name: '204 of something that is not the cloud', headers: {} }),
  {
    name: '413 before the body has been read, then the line ends',
    fault: { kind: 'early-answer', status: 413, headers: TUS },
    told: 'flaps',
    match: appends,
  },
  status(401, 'wrong'),
  status(402, 'nothing'),
  status(403, 'wrong'),
  status(404, 'nothing', { match: appends }),
  status(408, 'nothing'),
  status(409, 'nothing', { match: appends }),
  status(412, 'nothing', { hits: 1, reconnect: true }),
  status(413, 'nothing', { match: appends }),
  status(415, 'nothing', { hits: 1, match: appends, reconnect: true }),
  status(425, 'nothing'),
  status(429, 'nothing', { headers: { ...TUS, 'Retry-After': '1' }, hits: 2 }),
  status(460, 'nothing', { match: appends }),
  status(500, 'wrong'),
  status(502, 'wrong', { headers: {}, body: '<h1>Bad Gateway</h1>' }),
  status(503, 'wrong', { headers: { ...TUS, 'Retry-After': '1' }, hits: 2 }),
  status(504, 'wrong'),
  status(507, 'wrong'),
  status(599, 'wrong'),
]

describe('one fault at a time', { timeout: 600_000 }, () => {
  let rig: Rig
  let expected: Buffer
  before(async () => {
    rig = await openRig()
    expected = await muxedTs(await demoFrames())
  })
  after(() => rig.close())

  for (const [at, { name, fault, told, hits = 3, match, reconnect }] of CASES.entries())
    test(name, { timeout: 4 * PATIENCE_MS }, async () => {
      const frames = await demoFrames()
      const half = frames.findIndex(({ ptsMs }) => ptsMs >= 12_000)
      const camera = await rig.camera(`camera-${at}`, { u32MaxGopSize: 8 * 1024 * 1024 })
      camera.storage.setCsTransTime(1000, 1000)
      assert.deepEqual(await camera.record(frames.slice(0, half)), [])
      await settled(camera)

      await rig.http.set(fault, { limit: hits, ...(match && { match }) })
      const rest = camera.record(frames.slice(half))
      await until(`${hits} hits`, () => rig.http.hits >= hits, PATIENCE_MS)
      // told of at once, not when it is over
      const first = { line: FAIL, flaps: FAIL, wrong: WRONG, nothing: undefined }[told]
      if (first !== undefined)
        await until('a notice', () => camera.notices.includes(first), PATIENCE_MS)
      await rig.http.heal()
      if (reconnect) rig.mqtt.cut()
      assert.deepEqual(await rest, [], 'no frame is refused')
      await settled(camera)
      await camera.close()

      const slices = await rig.slicesOf(camera)
      assert.ok(
        (await download(rig.cloud, slices)).equals(expected),
        'every byte, and no byte twice',
      )
      assert.ok(slices.every(({ state }) => state === 'done'))
      assert.deepEqual(
        camera.slices.map(({ state }) => state),
        slices.map(() => iv_cs_upload_state_e.IV_CS_UPLOAD_OK),
      )
      const notices = camera.notices.filter(
        (type) => type === FAIL || type === RECOVER || type === WRONG,
      )
      if (told === 'flaps')
        assert.deepEqual(
          notices,
          notices.map((_, at) => (at % 2 === 0 ? FAIL : RECOVER)),
          'each outage has an end',
        )
      else
        assert.deepEqual(
          notices,
          { line: [FAIL, RECOVER], wrong: [WRONG], nothing: [] }[told],
          'an outage is told of once, and its end',
        )
    })
})
