/**
 * What `skyrill push`, as the one file that boards get, costs them: memory and CPU of its process while it records 1080p25 of 4 Mbit/s with G.711 to a cloud in another
 * process, and how soon the first byte is acknowledged. An hour of recording is played in time lapse for memory, a minute in real time for CPU.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type CloudAddress, register } from '../tests/e2e/support/cloud-client.ts'
import { g711Clip, videoClip } from '../tests/support/ffmpeg.ts'
import { reservePort } from '../tests/support/ports.ts'
import { cpuOf, memoryOf } from './footprint/process-figures.ts'
import { Relay } from './footprint/relay.ts'
import type { BenchResult } from './harness.ts'
import { machine } from './machine.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BUN = join(ROOT, 'node_modules', '.bin', 'bun')
const CLOUD = join(ROOT, 'bench', 'footprint', 'cloud.ts')
const BUILD = join(ROOT, 'tools', 'executable', 'build.mjs')
const TARGET = process.arch === 'arm64' ? 'arm64' : 'x64'
/** what is installed on a board: docs/BOARDS.md */
const PROGRAM = join(ROOT, 'build', 'executables', `skyrill-push-linux-${TARGET}`)
/** as in deploy/systemd/skyrill-push.service */
const UNIT_ENV = { BUN_JSC_useDFGJIT: '0' }
const CLIP_SECONDS = 20
const FPS = 25
const BITRATE_KBPS = 4000
const RATE = 8000
const HOUR_S = 3600
const STARTS = 5
/** what is hot has been compiled by then */
const WARM_UP_S = 30

export type FootprintOptions = { speed: number; cpuSeconds: number; format: 'ts' | 'fmp4' }
export const DEFAULTS: FootprintOptions = { speed: 24, cpuSeconds: 60, format: 'ts' }

export type FootprintResult = BenchResult & {
  options: FootprintOptions
  idleRssMib: number
  /** minute of the recording, memory */
  rss: { minute: number; rss: number; anonymous: number }[]
  /** at the end of the minutes in real time */
  realTimeRssMib: number
  /** of one core, in real time */
  cpuPercent: number
  /** of each start: from spawn to the first acknowledgement */
  firstAckMs: number[]
  skipped: string[]
}

const say = (text: string): void => console.error(text)

const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null) return
  const ended = once(child, 'close')
  child.kill(signal)
  await ended
}

/** The program as it is given to boards. */
const build = (): void => {
  const { status, stderr } = spawnSync(process.execPath, [BUILD, TARGET], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the executable was not built: ${stderr}`)
}

/** Memory of a Bun that does nothing. */
const idleRss = async (): Promise<number> => {
  const child = spawn(BUN, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  await sleep(3000)
  const { rss } = memoryOf(child.pid!)
  await end(child, 'SIGKILL')
  return rss
}

const startCloud = async (
  folder: string,
  httpPort: number,
  publicPort: number,
): Promise<[ChildProcess, CloudAddress]> => {
  const child = spawn(BUN, [CLOUD, folder, String(httpPort), String(publicPort)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return [child, JSON.parse(line.toString()) as CloudAddress]
}

const clips = (): { video: string; audio: string } => ({
  video: videoClip({
    codec: 'h264',
    width: 1920,
    height: 1080,
    fps: FPS,
    frames: FPS * CLIP_SECONDS,
    gop: FPS * 2,
    bitrateKbps: BITRATE_KBPS,
    source: 'testsrc2=size=$SIZE:rate=$FPS,noise=alls=12:allf=t',
    preset: 'veryfast',
  }),
  audio: g711Clip('a', { rate: RATE, seconds: CLIP_SECONDS }),
})

export const runFootprint = async (options: FootprintOptions): Promise<FootprintResult> => {
  say('building the executable, encoding the clip')
  build()
  const { video, audio } = clips()
  const folder = mkdtempSync(join(tmpdir(), 'skyrill-footprint-'))
  const httpPort = await reservePort()
  const relay = await Relay.open(httpPort)
  const [cloud, address] = await startCloud(folder, httpPort, relay.port)
  const identity = await register(address, 'board')
  let refused = 0
  const push = (speed: number): ChildProcess => {
    const child = spawn(
      PROGRAM,
      [
        ...['--cloud', identity.cloudUrl, '--product-id', identity.productId],
        ...['--device-name', identity.deviceName, '--format', options.format],
        ...['--input', video, '--audio', audio, '--rate', String(RATE), '--speed', String(speed)],
      ],
      {
        env: { ...process.env, ...UNIT_ENV, SKYRILL_DEVICE_SECRET: identity.deviceSecret },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    child.stderr.on('data', (text: Buffer) => {
      process.stderr.write(text)
      if (text.includes('frame refused')) refused++
    })
    return child
  }
  try {
    say('starts')
    const firstAckMs: number[] = []
    for (let start = 0; start < STARTS; start++) {
      relay.firstAckMs = undefined
      const spawnedMs = performance.now()
      const child = push(1)
      while (relay.firstAckMs === undefined) await sleep(1)
      firstAckMs.push(relay.firstAckMs - spawnedMs)
      await end(child, 'SIGINT')
    }
    say(`CPU over ${options.cpuSeconds} s in real time`)
    const real = push(1)
    await sleep(WARM_UP_S * 1000)
    const [cpuBefore, beforeMs] = [cpuOf(real.pid!), performance.now()]
    await sleep(options.cpuSeconds * 1000)
    const cpuPercent =
      ((cpuOf(real.pid!) - cpuBefore) / ((performance.now() - beforeMs) / 1000)) * 100
    const realTimeRssMib = memoryOf(real.pid!).rss
    await end(real, 'SIGINT')
    say(`an hour at ${options.speed} times the speed`)
    const rss: FootprintResult['rss'] = []
    const lapse = push(options.speed)
    const startedMs = performance.now()
    for (let minute = 1; minute <= HOUR_S / 60; minute++) {
      await sleep(startedMs + (minute * 60_000) / options.speed - performance.now())
      rss.push({ minute, ...memoryOf(lapse.pid!) })
    }
    await end(lapse, 'SIGINT')
    if (refused > 0)
      throw new Error(
        `at ${options.speed} times the speed the uplink did not follow and frames were refused: that is no hour of recording; --speed less`,
      )
    return {
      cases: [],
      machine: machine({ bun: bunVersion() }),
      options,
      idleRssMib: await idleRss(),
      rss,
      realTimeRssMib,
      cpuPercent,
      firstAckMs,
      skipped: [],
    }
  } finally {
    await end(cloud, 'SIGINT')
    relay.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

const bunVersion = (): string =>
  JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).devDependencies.bun
