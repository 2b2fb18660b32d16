import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { OPENMETRICS_TYPE } from '../../runtime/index.ts'
import { openCloud, type TestCloud, until } from '../cloud/support/cloud.ts'
import { ffmpeg } from '../support/ffmpeg.ts'
import { readOpenMetrics } from '../support/openmetrics.ts'
import { buildFolder, ROOT } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { call, register, slicesOf } from './support/cloud-client.ts'

const CLI = join(ROOT, 'tools', 'cli.ts')
const CLIP = join(ROOT, 'tools', 'demo', 'clip')

type Identity = Awaited<ReturnType<typeof register>>

class Push {
  output = ''
  readonly #child: ChildProcess

  constructor(identity: Identity, args: readonly string[]) {
    this.#child = spawn(
      process.execPath,
      [
        CLI,
        'push',
        ...['--cloud', identity.cloudUrl, '--product-id', identity.productId],
        ...['--device-name', identity.deviceName],
        ...args,
      ],
      { env: { ...process.env, SKYRILL_DEVICE_SECRET: identity.deviceSecret } },
    )
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.on('data', (chunk) => {
        this.output += chunk
      })
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async end(signal?: NodeJS.Signals): Promise<number> {
    const ended = once(this.#child, 'close')
    if (signal) this.#child.kill(signal)
    const [code] = (await ended) as [number]
    return code
  }
}

describe('skyrill push', { timeout: 110_000 }, () => {
  let cloud: TestCloud
  before(async () => {
    cloud = await openCloud({ logLevel: 'warn' })
  })
  after(() => cloud.remove())

  const recorded = async (identity: Identity): Promise<number> => {
    const slices = await slicesOf(cloud, identity)
    return slices.reduce((bytes, slice) => bytes + slice.bytes, 0)
  }

  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    test(`the demo clip until ${signal}: the last slice is closed and acknowledged`, async () => {
      const identity = await register(cloud, `clip-${signal}`)
      const push = new Push(identity, ['--input', `${CLIP}.h264`, '--audio', `${CLIP}.aac`])
      await until('bytes at the cloud', async () => (await recorded(identity)) > 100_000, 30_000)
      assert.equal(await push.end(signal), 0, push.output)
      const slices = await slicesOf(cloud, identity)
      assert.deepEqual(
        slices.map(({ state, reason }) => [state, reason]),
        [['done', 'stop']],
      )
      assert.match(push.output, /frames\/s · \d+ kbit\/s · buffered .* · acknowledged .* · slices/)
      assert.match(push.output, /stopped after \d+ pictures/)
    })

  test('--metrics: counters and gauges as OpenMetrics text, while it runs', async () => {
    const identity = await register(cloud, 'metrics')
    const push = new Push(identity, [
      ...['--metrics', '127.0.0.1:0'],
      ...['--input', `${CLIP}.h264`, '--audio', `${CLIP}.aac`],
    ])
    await until('bytes at the cloud', async () => (await recorded(identity)) > 100_000, 30_000)
    const url = /metrics at (\S+)/.exec(push.output)?.[1]
    const response = await fetch(url!)
    const families = readOpenMetrics(await response.text())
    assert.equal(response.headers.get('content-type'), OPENMETRICS_TYPE)
    const acknowledged = families.find(({ name }) => name === 'skyrill_acknowledged_bytes')
    assert.ok(acknowledged!.samples[0]!.value > 0)
    assert.equal(await push.end('SIGINT'), 0, push.output)
    await assert.rejects(fetch(url!), 'the server is gone with the camera')
  })

  test('--store, --spool, --daily: a metered line that is used up leaves the rest in the folder', async () => {
    const identity = await register(cloud, 'metered')
    const store = mkdtempSync(join(tmpdir(), 'skyrill-push-'))
    const push = new Push(identity, [
      ...['--store', store, '--spool', '16', '--daily', '1', '--speed', '20'],
      ...['--input', `${CLIP}.h264`],
    ])
    try {
      await until(
        'the log line',
        () => push.output.includes('bytes of the day are used up'),
        60_000,
      )
      await until('the spool', () => existsSync(join(store, 'spool')), 60_000)
      assert.equal(await push.end('SIGINT'), 0, push.output)
      assert.ok(
        JSON.parse(readFileSync(join(store, 'day-budget.json'), 'utf8')).usedBytes > 700_000,
      )
    } finally {
      push.kill()
      rmSync(store, { recursive: true })
    }
  })

  test('a film, through ffmpeg', { skip: needTool('ffmpeg', 'ffprobe') }, async () => {
    const film = join(buildFolder('clips'), 'push-film.mp4')
    ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25', '-f', 'lavfi', '-i', 'sine=440'],
      ...['-t', '3', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-y', film],
    )
    const identity = await register(cloud, 'film')
    const push = new Push(identity, ['--input', film, '--format', 'fmp4'])
    await until('bytes at the cloud', async () => (await recorded(identity)) > 50_000, 40_000)
    assert.equal(await push.end('SIGINT'), 0, push.output)
    const slices = await slicesOf(cloud, identity)
    assert.ok(slices.every(({ state }) => state === 'done'))
  })

  test('a plan that ends stops the recording, one that comes starts it', async () => {
    const identity = await register(cloud, 'plan', 0, { type: 'none' })
    const plan = (type: string) =>
      call(
        cloud,
        'PUT',
        `/api/devices/${identity.productId}/${identity.deviceName}/channels/0/plan`,
        { type },
      )
    const push = new Push(identity, ['--input', `${CLIP}.h264`, '--log', 'info'])
    await until('the plan', () => push.output.includes('plan of channel 0: switch 0'), 30_000)
    assert.equal(await recorded(identity), 0)
    await plan('full')
    await until('bytes at the cloud', async () => (await recorded(identity)) > 20_000, 30_000)
    await plan('none')
    await until('the stop', () => push.output.includes('recording stops'), 10_000)
    assert.equal(await push.end('SIGINT'), 0, push.output)
  })

  const FAULTS: [string, string[], number, RegExp][] = [
    ['no input', [], 2, /--input is required/],
    ['no such file', ['--input', 'no-such.mp4'], 1, /no-such\.mp4: no such file/],
    ['a buffer that is none', ['--input', 'x.h264', '--buffer', '6'], 2, /multiple of 4 KiB/],
    ['an unknown option', ['--inptu', 'x'], 2, /inptu/],
    ['an unknown format', ['--input', 'x.h264', '--format', 'avi'], 2, /must be ts or fmp4/],
  ]
  for (const [name, args, code, message] of FAULTS)
    test(`${name}: exit ${code} and a message`, async () => {
      const identity = {
        productId: 'P',
        deviceName: 'd',
        deviceSecret: 's',
        cloudUrl: 'mqtt://127.0.0.1:9',
      }
      const push = new Push(identity, args)
      assert.equal(await push.end(), code, push.output)
      assert.match(push.output, message)
      assert.doesNotMatch(push.output, /\n\s+at /, 'no stack')
    })
})
