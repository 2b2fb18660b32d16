import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  iv_cm_aenc_type_e,
  iv_cm_venc_type_e,
  iv_cs_format_e,
  iv_cs_upload_state_e,
} from '../../runtime/index.ts'
import { openCloud, type TestCloud } from '../cloud/support/cloud.ts'
import { decodeComplaints, run, videoFrameMd5s } from '../support/ffmpeg.ts'
import { framesOf, looped } from '../support/frames.ts'
import { MEDIA_STREAMS, mediaPath, needMedia } from '../support/media.ts'
import { muxedTs } from '../support/muxed.ts'
import { withTempFolder } from '../support/paths.ts'
import { TestCamera } from '../support/test-camera.ts'
import { needTool, toolPath } from '../support/tools.ts'
import { download, register, slicesOf } from './support/cloud-client.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../tools/demo/${name}`, import.meta.url))
const CLIP = clip('clip.h264')
const CLIP_MS = 20_480
/** How tsreport marks what is wrong, and its count of PCR gaps over 100 ms. */
const TSREPORT_COMPLAINS = /###|!!!|Bad \(>\.1s\) gaps: [1-9]|duplicate packets: [1-9]/

describe('from push to download', { timeout: 110_000 }, () => {
  let cloud: TestCloud
  before(async () => {
    cloud = await openCloud({ logLevel: 'warn' })
  })
  after(() => cloud.remove())

  const record = async (
    name: string,
    frames: Awaited<ReturnType<typeof framesOf>>,
    codec: 'h264' | 'h265',
    cs_fmt = iv_cs_format_e.IV_CS_FORMAT_TS,
  ) => {
    const identity = await register(cloud, name)
    const camera = new TestCamera()
    await camera.open(identity, {
      cs_fmt,
      av_fmt: {
        eAudioType: iv_cm_aenc_type_e.IV_CM_AENC_TYPE_AAC,
        eVideoType:
          codec === 'h264'
            ? iv_cm_venc_type_e.IV_CM_VENC_TYPE_H264
            : iv_cm_venc_type_e.IV_CM_VENC_TYPE_H265,
      },
    })
    await camera.started
    assert.deepEqual(await camera.record(frames), [], 'no frame is refused')
    await camera.close()
    const slices = await slicesOf(cloud, identity)
    return { camera, slices, bytes: await download(cloud, slices) }
  }

  test('the demo clip: what arrives is what was muxed, in whole slices', async () => {
    const frames = await framesOf(CLIP, 'h264', { audioPath: clip('clip.aac') })
    const { camera, slices, bytes } = await record('clip', frames, 'h264')
    assert.ok(bytes.equals(await muxedTs(frames)), 'the same bytes')
    assert.deepEqual(
      slices.map(({ state, reason, frames: pictures }) => [state, reason, pictures]),
      [
        ['done', 'idr', 250],
        ['done', 'idr', 250],
        ['done', 'stop', 12],
      ],
    )
    assert.equal(camera.slices.length, 3)
    for (const [at, slice] of camera.slices.entries()) {
      assert.equal(slice.state, iv_cs_upload_state_e.IV_CS_UPLOAD_OK)
      assert.equal(slice.upload_size, slices[at]!.bytes)
      assert.equal(slice.total_size, slices[at]!.bytes)
      assert.equal(slice.frame_seq_a, at * 250)
    }
    assert.equal(camera.slices[2]!.frame_seq_b, 511)
    assert.equal(camera.slices[1]!.pts_ms_a, 10_000)
    assert.equal(camera.starts, 1)
  })

  const streams = MEDIA_STREAMS.filter(({ bFrames }) => !bFrames)
  const needed = needTool('ffmpeg', 'ffprobe') || needMedia(...streams.map(({ name }) => name))
  for (const { name, codec } of [{ name: CLIP, codec: 'h264' as const }, ...streams])
    test(`${name.split('/').at(-1)}: decodes as its source does, picture by picture`, {
      skip: needed,
    }, async () => {
      const source = name === CLIP ? CLIP : mediaPath(name)
      const device = name.split('/').at(-1)!.replace(/\W/g, '-')
      const { bytes } = await record(device, await framesOf(source, codec), codec)
      await withTempFolder(async (folder) => {
        const file = join(folder, 'out.ts')
        writeFileSync(file, bytes)
        assert.deepEqual(videoFrameMd5s(file), videoFrameMd5s(source))
        if (decodeComplaints(source) === '') assert.equal(decodeComplaints(file), '')
        if (needTool('tsreport')) return
        for (const options of [[], ['-b']]) {
          const report = run(toolPath('tsreport'), [...options, file])
          assert.equal(report.status, 0)
          assert.doesNotMatch(`${report.stdout}${report.stderr}`, TSREPORT_COMPLAINS)
        }
      })
    })

  test('the same in fMP4: every slice decodes by itself', { skip: needed }, async () => {
    const frames = await framesOf(CLIP, 'h264', { audioPath: clip('clip.aac') })
    const { slices } = await record('clip-fmp4', frames, 'h264', iv_cs_format_e.IV_CS_FORMAT_FMP4)
    assert.equal(slices.length, 3)
    await withTempFolder(async (folder) => {
      const md5s: string[] = []
      for (const slice of slices) {
        const file = join(folder, `${slice.id}.mp4`)
        writeFileSync(file, await download(cloud, [slice]))
        assert.equal(decodeComplaints(file), '')
        md5s.push(...videoFrameMd5s(file))
      }
      assert.deepEqual(md5s, videoFrameMd5s(CLIP))
    })
  })

  test('a frame is acknowledged within 300 ms in the middle', async () => {
    const identity = await register(cloud, 'latency')
    const camera = new TestCamera()
    await camera.open(identity)
    await camera.started
    const frames = await framesOf(CLIP, 'h264', { audioPath: clip('clip.aac') })
    await camera.record(
      frames.filter(({ ptsMs }) => ptsMs < 8000),
      1,
    )
    const { ackMedianMs, memoryBytes } = camera.storage.stats(0)!
    await camera.close()
    console.log(`# push to acknowledgement, median: ${ackMedianMs.toFixed(0)} ms on loopback`)
    assert.ok(ackMedianMs > 0 && ackMedianMs <= 300, `${ackMedianMs} ms`)
    // u32MaxGopSize + 100 KiB, in pages
    assert.equal(memoryBytes, Math.ceil((2048 + 100) / 64) * 65_536)
  })

  test('memory does not change over 10,000 frames', async () => {
    const identity = await register(cloud, 'memory')
    const camera = new TestCamera()
    await camera.open(identity)
    await camera.started
    const before = camera.storage.stats(0)!.memoryBytes
    const frames = looped(
      await framesOf(CLIP, 'h264', { audioPath: clip('clip.aac') }),
      13,
      CLIP_MS,
    )
    assert.ok(frames.length > 10_000)
    assert.deepEqual(await camera.record(frames), [])
    const after = camera.storage.stats(0)!
    assert.equal(after.memoryBytes, before)
    await camera.close()
    assert.equal(
      camera.slices.filter(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK).length,
      camera.slices.length,
    )
    assert.ok(
      (await download(cloud, await slicesOf(cloud, identity))).equals(await muxedTs(frames)),
    )
  })
})
