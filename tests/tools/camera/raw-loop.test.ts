import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { MediaFrame, MediaSource } from '../../../tools/camera/media.ts'
import { openSource } from '../../../tools/camera/open-source.ts'
import { openRawLoop } from '../../../tools/camera/raw-loop.ts'
import { InputError } from '../../../tools/cli/usage-error.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../../tools/demo/${name}`, import.meta.url))

type Seen = Pick<MediaFrame, 'kind' | 'ptsMs' | 'key'> & { bytes: number }

const take = async (source: MediaSource, count: number): Promise<Seen[]> => {
  const seen: Seen[] = []
  for await (const { kind, ptsMs, key, data } of source.frames()) {
    seen.push({ kind, ptsMs, key, bytes: data.length })
    if (seen.length === count) break
  }
  return seen
}

test('the demo clip loops without a seam: both tracks go on to the millisecond', async () => {
  const source = openRawLoop({
    path: clip('clip.h264'),
    codec: 'h264',
    audioPath: clip('clip.aac'),
  })
  assert.equal(source.fps, 25)
  const frames = await take(source, 2 * (512 + 320) + 20)
  for (const [kind, stepMs] of [
    ['video', 40],
    ['audio', 64],
  ] as const) {
    const times = frames.filter((frame) => frame.kind === kind).map(({ ptsMs }) => ptsMs)
    assert.ok(
      times.every((ptsMs, at) => ptsMs === at * stepMs),
      kind,
    )
  }
  const times = frames.map(({ ptsMs }) => ptsMs)
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
    'merged by time',
  )
  const turns = frames.filter(({ kind }) => kind === 'video').map(({ bytes }) => bytes)
  assert.deepEqual(turns.slice(512, 1024), turns.slice(0, 512), 'the same pictures')
  const keys = frames.filter(({ kind }) => kind === 'video').map(({ key }) => key)
  for (const at of [0, 50, 500, 512, 562]) assert.ok(keys[at], `picture ${at} is an IDR`)
})

test('frame rate and sound are as given', async () => {
  const source = openRawLoop({ path: clip('clip.h264'), codec: 'h264', fps: 12.5 })
  const frames = await take(source, 514)
  assert.equal(source.hasAudio, false)
  assert.deepEqual(
    frames.slice(-3).map(({ ptsMs }) => ptsMs),
    [511 * 80, 512 * 80, 513 * 80],
  )
})

test('sound that is longer than the pictures is cut at the end of a turn', async () => {
  const source = openRawLoop({
    path: clip('clip.h264'),
    codec: 'h264',
    audioPath: clip('clip.aac'),
    fps: 100,
  })
  const frames = await take(source, 1200)
  const audio = frames.filter(({ kind }) => kind === 'audio').map(({ ptsMs }) => ptsMs)
  assert.ok(
    audio.every((ptsMs, at) => at === 0 || ptsMs > audio[at - 1]!),
    'times only grow',
  )
  assert.ok(audio.includes(5120), 'a turn of 512 pictures begins with the first sound')
})

const FAULTS: [string, () => unknown, RegExp][] = [
  ['no such file', () => openSource({ input: '/no/such.h264' }), /no such file/],
  ['no such film', () => openSource({ input: '/no/such.mp4' }), /no such file/],
  [
    'sound as pictures',
    () =>
      openSource({ input: fileURLToPath(import.meta.url).replace(/ts$/, 'ts'), audio: 'x.aac' }),
    /--audio goes with a raw/,
  ],
  [
    'not H.264',
    () => openRawLoop({ path: clip('README.md'), codec: 'h264' }),
    /no H264 picture|start code/,
  ],
]
for (const [name, open, message] of FAULTS)
  test(`${name}: a message for the person`, () =>
    assert.throws(open, (error) => error instanceof InputError && message.test(error.message)))
