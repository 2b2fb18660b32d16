import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SECRET } from '../../cloud/support/device.ts'
import { ffmpeg } from '../../support/ffmpeg.ts'
import { ROOT } from '../../support/paths.ts'

export const FPS = 25
/** Bits of the number of a picture that are burnt into it. */
const BITS = 11
const BOX_PX = 32

/** A raw stream whose pictures show their numbers: a row of boxes, white for 1. A GOP has two seconds. */
export const makeClock = (path: string, seconds: number): void => {
  const boxes = Array.from({ length: BITS }, (_, bit) => {
    const box = `drawbox=x=${bit * BOX_PX}:y=0:w=${BOX_PX}:h=${BOX_PX}:t=fill`
    return `${box}:color=white:enable='mod(floor(n/${2 ** bit}),2)'`
  })
  const ground = `drawbox=x=0:y=0:w=${BITS * BOX_PX}:h=${BOX_PX}:t=fill:color=black`
  ffmpeg(
    ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=${FPS}:duration=${seconds}`],
    ...['-vf', [ground, ...boxes].join(',')],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-g', '50', '-sc_threshold', '0'],
    ...['-pix_fmt', 'yuv420p', '-b:v', '800k', '-f', 'h264', '-y', path],
  )
}

const numberOf = (bits: Uint8Array): number =>
  bits.reduce((sum, level, bit) => sum + (level > 127 ? 2 ** bit : 0), 0)

/** The number of the first picture of a file. */
export const readFirst = (path: string): number => {
  const bits = `${path}.bits`
  ffmpeg(
    ...['-i', path, '-frames:v', '1', '-an'],
    ...['-vf', `crop=${BITS * BOX_PX}:${BOX_PX}:0:0,scale=${BITS}:1:flags=area`],
    ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-y', bits],
  )
  return numberOf(readFileSync(bits))
}

/** Runs in the page: the number of the picture that the video shows. */
export const READ_CLOCK = `(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
  const pen = canvas.getContext('2d')
  pen.drawImage(document.querySelector('video'), 0, 0, 640, 360)
  let number = 0
  for (let bit = 0; bit < ${BITS}; bit++)
    if (pen.getImageData(bit * ${BOX_PX} + ${BOX_PX / 2}, ${BOX_PX / 2}, 1, 1).data[1] > 127) number += 2 ** bit
  return number
})()`

/** `skyrill push` as a person starts it: the real device, in real time. */
export class Push {
  output = ''
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  constructor(mqttUrl: string, deviceName: string, options: readonly string[]) {
    const bun = join(ROOT, 'node_modules', '.bin', 'bun')
    const camera = ['--cloud', mqttUrl, '--product-id', 'P1', '--device-name', deviceName]
    this.#child = spawn(bun, [join(ROOT, 'tools', 'cli.ts'), 'push', ...camera, ...options], {
      env: { ...process.env, SKYRILL_DEVICE_SECRET: SECRET },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk) => {
        this.output += chunk
      })
    this.#ended = new Promise((resolve) => this.#child.on('close', resolve))
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}
