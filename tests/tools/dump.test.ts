import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dumpMp4 } from '../../tools/dump-mp4.ts'
import { dumpNal } from '../../tools/dump-nal.ts'
import { dumpTs } from '../../tools/dump-ts.ts'
import { buildMp4 } from './mp4/mp4-builder.ts'
import { annexB, tinyVideo } from './tiny-streams.ts'
import { buildTs } from './ts/ts-builder.ts'

test('transport stream: every packet once, tables and PES packets between them', () => {
  const bytes = buildTs({ frames: 3 })
  const lines = dumpTs(bytes).trimEnd().split('\n')
  assert.equal(lines.filter((line) => /^ *\d+ {2}pid/.test(line)).length, bytes.length / 188)
  assert.equal(lines[0], '       0  pid 0  cc 0  start  payload 184')
  assert.ok(lines.includes('          PMT  pid 256  stream_type 27'))
  const pes = lines.find((line) => line.includes('PES  at'))
  assert.match(
    pes!,
    /pid 256 {2}stream_id e0 {2}length 0 {2}pts 90000 \(1\.000000 s\) .* aud\(2\) sps\(\d+\) pps\(\d+\) idr\(\d+\)$/,
  )
})

test('MP4: the tree with its fields', () => {
  const text = dumpMp4(buildMp4())
  assert.match(text, /^ftyp {2}at 0 {2}24 bytes {2}iso6 iso6 cmfc$/m)
  assert.match(text, /^ {12}avc1 .* 16x16$/m)
  assert.match(text, /^ {4}tfdt .* decode time 36000$/m)
  assert.match(text, /^ {8}0 {2}duration 3600 {2}size \d+ {2}flags 2000000 {2}composition 0$/m)
  assert.match(text, /^prft .* utc 2020-09-13T12:26:40\.400Z {2}media time 36000$/m)
})

test('MP4: a broken box is said where it is', () => {
  const good = buildMp4()
  assert.match(dumpMp4(good.subarray(0, good.length - 3)), /broken at \d+: box "mdat"/)
})

for (const codec of ['h264', 'h265'] as const)
  test(`NAL units of ${codec}`, async () => {
    const bytes = Buffer.concat(tinyVideo(codec, 3, 3, true).map(annexB))
    const text = await dumpNal(bytes, codec)
    assert.equal(text.match(/^access unit/gm)?.length, 3)
    assert.match(text, /^access unit 0 {2}at 0 {2}\d+ bytes {2}key$/m)
    assert.match(text, /sps 0 {2}profile \d+ {2}level \d+ {2}16x16/)
    assert.match(
      text,
      codec === 'h264'
        ? /slice {2}P {2}first_mb 0 {2}pps 0 {2}frame_num 1/
        : /trail-r {2}P {2}first {2}pps 0/,
    )
  })
