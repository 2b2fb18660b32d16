import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FORMAT_FMP4, FORMAT_TS } from '../../core-wasm/index.ts'
import { decodeComplaints, videoClip, videoFrameMd5s } from '../support/ffmpeg.ts'
import { MEDIA_STREAMS, mediaPath, needMedia } from '../support/media.ts'
import { buildFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'
import { mux, readFrames } from './mux-file.ts'

/** ffmpeg decodes for half a minute; the goldens and builds.test.ts prove that the other runtimes get the same bytes. */
const onlyOnce = 'bun' in process.versions ? false : 'runs on Bun only'

const formats: [name: string, format: number, extension: string][] = [
  ['TS', FORMAT_TS, 'ts'],
  ['fMP4', FORMAT_FMP4, 'mp4'],
]

/** Every decoded picture of the slices is that of the source, and the decoder has nothing to say that it does not say of the source. */
const checkPictures = async (
  codec: 'h264' | 'h265',
  path: string,
  format: number,
  extension: string,
) => {
  const { slices, statuses } = await mux({ codec, format, video: readFrames(codec, path) })
  assert.deepEqual([...statuses.keys()], ['OK'])
  const md5s: string[] = []
  let complaints = ''
  slices.forEach(({ bytes }, index) => {
    const file = join(buildFolder('core-media'), `${process.pid}-${index}.${extension}`)
    writeFileSync(file, bytes)
    md5s.push(...videoFrameMd5s(file))
    complaints += decodeComplaints(file)
    rmSync(file)
  })
  assert.deepEqual(md5s, videoFrameMd5s(path))
  if (complaints !== '') assert.notEqual(decodeComplaints(path), '', complaints)
}

for (const [name, format, extension] of formats) {
  for (const stream of MEDIA_STREAMS.filter(({ bFrames }) => !bFrames))
    test(
      `${name} of ${stream.name}: every decoded picture is the source's`,
      { skip: onlyOnce || needMedia(stream.name) || needTool('ffmpeg') },
      () => checkPictures(stream.codec, mediaPath(stream.name), format, extension),
    )

  const clips: [what: string, options: Parameters<typeof videoClip>[0]][] = [
    ['x264, a slice per picture', { codec: 'h264', frames: 60 }],
    ['x264, four slices, AUD', { codec: 'h264', frames: 60, params: 'slices=4:aud=1' }],
    [
      'x264, 3-byte codes inside, CAVLC, odd size',
      { codec: 'h264', frames: 40, width: 322, height: 182, params: 'cabac=0:slices=3' },
    ],
    ['x265', { codec: 'h265', frames: 60 }],
    ['x265, four slices, AUD', { codec: 'h265', frames: 60, params: 'slices=4:aud=1' }],
    ['x265, 720p, GOP of 10', { codec: 'h265', frames: 30, width: 1280, height: 720, gop: 10 }],
  ]
  for (const [what, options] of clips)
    test(
      `${name} of ${what}: every decoded picture is the source's`,
      { skip: onlyOnce || needTool('ffmpeg') },
      () => checkPictures(options.codec, videoClip(options), format, extension),
    )
}

test('B frames are refused by their own status', {
  skip: needMedia('h264/test-25fps.h264', 'h265/bear.h265'),
}, async () => {
  for (const [codec, name] of [
    ['h264', 'h264/test-25fps.h264'],
    ['h265', 'h265/bear.h265'],
  ] as const) {
    const { statuses } = await mux({
      codec,
      format: FORMAT_TS,
      video: readFrames(codec, mediaPath(name)),
    })
    assert.ok((statuses.get('PICTURE_B_SLICE') ?? 0) > 10)
  }
})

test('pushed from elsewhere in memory instead of in place: the same file', {
  skip: needMedia('h264/BA_MW_D.264'),
}, async () => {
  for (const [, format] of formats) {
    const video = readFrames('h264', mediaPath('h264/BA_MW_D.264'))
    const [here, there] = await Promise.all(
      [false, true].map((foreign) => mux({ codec: 'h264', format, video, foreign })),
    )
    assert.ok(Buffer.from(here!.slices[0]!.bytes).equals(there!.slices[0]!.bytes))
  }
})
