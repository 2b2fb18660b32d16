import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAdtsHeader, readAdtsFrames } from '../../../runtime/source/adts.ts'
import { aacClip, audioFrameMd5s } from '../../support/ffmpeg.ts'
import { needTool } from '../../support/tools.ts'

/** Header of 16 kHz (index 8), mono, `length` bytes in all. Spec: 14496-3 1.A.2.2 */
const frame = (length: number, fill = 0x21): Buffer => {
  const bytes = Buffer.alloc(length, fill)
  const bits = [
    0xff,
    0xf1,
    0x60,
    0x40 | (length >> 11),
    (length >> 3) & 255,
    ((length & 7) << 5) | 31,
    0xfc,
  ]
  bytes.set(bits)
  return bytes
}

const sizes = async (bytes: Buffer, chunk: number): Promise<number[]> => {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += chunk) chunks.push(bytes.subarray(at, at + chunk))
  const out: number[] = []
  for await (const { data } of readAdtsFrames(chunks)) out.push(data.length)
  return out
}

test('header fields', () => {
  assert.deepEqual(parseAdtsHeader(frame(300)), {
    mpeg2: false,
    layer: 0,
    protectionAbsent: true,
    objectType: 2,
    sampleRateIndex: 8,
    sampleRate: 16000,
    channelConfiguration: 1,
    frameBytes: 300,
    headerBytes: 7,
    bufferFullness: 0x7ff,
    rawDataBlocks: 1,
  })
  assert.equal(parseAdtsHeader(frame(300).subarray(0, 6)), undefined)
  assert.equal(parseAdtsHeader(Buffer.alloc(7)), undefined)
})

const CASES: { name: string; bytes: Buffer; sizes: number[] }[] = [
  { name: 'frames', bytes: Buffer.concat([frame(20), frame(30), frame(8)]), sizes: [20, 30, 8] },
  { name: 'junk in front', bytes: Buffer.concat([Buffer.alloc(9, 1), frame(20)]), sizes: [20] },
  {
    name: 'a sync word inside a frame is not a frame',
    bytes: Buffer.concat([frame(40).fill(frame(12).subarray(0, 7), 20, 27), frame(20)]),
    sizes: [40, 20],
  },
  {
    name: 'a cut last frame is dropped',
    bytes: Buffer.concat([frame(20), frame(30).subarray(0, 29)]),
    sizes: [20],
  },
]

for (const { name, bytes, sizes: expected } of CASES)
  for (const chunk of [1, 5, 1000])
    test(`${name} (chunks of ${chunk})`, async () => {
      assert.deepEqual(await sizes(bytes, chunk), expected)
    })

test('no ADTS at all', async () => {
  await assert.rejects(sizes(Buffer.alloc(100_000, 7), 1000), /no ADTS frame in the first/)
  await assert.rejects(sizes(Buffer.alloc(3), 1000), /no ADTS frame in it/)
})

test('as many frames as ffmpeg decodes', { skip: needTool('ffmpeg') }, async () => {
  for (const [rate, channels] of [
    [8000, 1],
    [16000, 1],
    [48000, 2],
  ] as const) {
    const path = aacClip({ rate, channels, seconds: 3 })
    const bytes = readFileSync(path)
    const got = await sizes(bytes, 4096)
    assert.equal(got.length, audioFrameMd5s(path).length)
    assert.equal(
      got.reduce((a, b) => a + b, 0),
      bytes.length,
    )
  }
})
