/** `skyrill push` from an IP camera: GStreamer's RTSP server, which also vanishes and comes back. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { checkTs } from '../../tools/check-ts.ts'
import { openCloud, until } from '../cloud/support/cloud.ts'
import { download, register, slicesOf } from '../e2e/support/cloud-client.ts'
import { ffmpeg } from '../support/ffmpeg.ts'
import { ROOT, withTempFolder } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

/** Debian's own: python3-gi is built for it. */
const PYTHON = '/usr/bin/python3'
const WAIT_MS = 90_000

const needRtspServer = (): false | string => {
  const tool = needTool('ffmpeg')
  if (tool) return tool
  const probe =
    'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'
  if (spawnSync(PYTHON, ['-c', probe]).status === 0) return false
  const reason =
    'no RTSP server (apt-get install gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-rtsp gstreamer1.0-plugins-good gstreamer1.0-plugins-bad)'
  if (process.env.CI === 'true') throw new Error(`needed on CI: ${reason}`)
  return reason
}

/** Serves a clip at rtsp://127.0.0.1:PORT/camera. */
const serve = async (
  clip: string,
  port?: number,
): Promise<{ camera: ChildProcess; port: number }> => {
  const args = [
    join(ROOT, 'tests', 'peers', 'rtsp-server.py'),
    clip,
    ...(port ? [String(port)] : []),
  ]
  const camera = spawn(PYTHON, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(camera.stdout!, 'data')) as [Buffer]
  return { camera, port: Number(line.toString()) }
}

describe('an IP camera over RTSP', { skip: needRtspServer(), timeout: 280_000 }, () => {
  test('is recorded; when it was away for a while, recording goes on by itself', () =>
    withTempFolder(async (folder) => {
      const clip = join(folder, 'clip.mp4')
      const demo = join(ROOT, 'tools', 'demo', 'clip')
      ffmpeg(
        '-r',
        '25',
        '-i',
        `${demo}.h264`,
        '-i',
        `${demo}.aac`,
        '-c',
        'copy',
        '-bsf:a',
        'aac_adtstoasc',
        clip,
      )
      const cloud = await openCloud({ logLevel: 'warn' })
      const identity = await register(cloud, 'rtsp')
      const first = await serve(clip)
      const push = spawn(
        process.execPath,
        [
          ...[join(ROOT, 'tools', 'cli.ts'), 'push'],
          ...['--cloud', identity.cloudUrl, '--product-id', identity.productId],
          ...['--device-name', identity.deviceName],
          ...['--input', `rtsp://127.0.0.1:${first.port}/camera`],
        ],
        {
          env: { ...process.env, SKYRILL_DEVICE_SECRET: identity.deviceSecret },
          stdio: ['ignore', 'ignore', 'inherit'],
        },
      )
      let { camera } = first
      try {
        const frames = async () =>
          (await slicesOf(cloud, identity)).reduce((sum, slice) => sum + (slice.frames ?? 0), 0)
        await until('a whole slice', async () => (await frames()) >= 250, WAIT_MS)
        camera.kill('SIGKILL')
        await once(camera, 'close')
        const before = await frames()
        camera = (await serve(clip, first.port)).camera
        await until(
          'another one after the outage',
          async () => (await frames()) >= before + 250,
          WAIT_MS,
        )
        const ended = once(push, 'close')
        push.kill('SIGINT')
        assert.deepEqual(await ended, [0, null])
        const slices = await slicesOf(cloud, identity)
        for (const slice of slices) {
          assert.equal(slice.state, 'done')
          const faults = checkTs(await download(cloud, [slice])).filter(
            ({ severity }) => severity === 'error',
          )
          assert.deepEqual(faults, [])
        }
      } finally {
        push.kill('SIGKILL')
        camera.kill('SIGKILL')
        await cloud.remove()
      }
    }))
})
