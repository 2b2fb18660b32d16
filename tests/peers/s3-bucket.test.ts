import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { AwsV4Signer } from 'aws4fetch'
import { audit } from '../../cloud/server/bucket/audit.ts'
import { BucketReader } from '../../cloud/server/bucket/reader.ts'
import { startBucketCloud } from '../../cloud/server/bucket/start.ts'
import type { Cloud } from '../../cloud/server/index.ts'
import { createLogger } from '../../cloud/server/log.ts'
import {
  type BucketUplinkOptions,
  iv_cs_format_e,
  iv_cs_upload_state_e,
  systemClock,
} from '../../runtime/index.ts'
import { System } from '../../runtime/system.ts'
import { checkMp4 } from '../../tools/check-mp4.ts'
import { checkTs } from '../../tools/check-ts.ts'
import { call, download, slicesOf } from '../e2e/support/cloud-client.ts'
import { type Frame, framesOf, looped } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import { S3_SERVERS, type S3Server } from '../support/s3-servers.ts'
import { quiet, TestCamera } from '../support/test-camera.ts'
import { needTool, toolPath } from '../support/tools.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../tools/demo/${name}`, import.meta.url))
const PRODUCT = 'TEST'

const until = async (condition: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (const deadline = Date.now() + 90_000; !(await condition()); ) {
    assert.ok(Date.now() < deadline, `not within 90 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Runs ffmpeg beside this process, which serves what it reads. Returns the pictures that it decoded. */
const decodedFrames = async (url: string): Promise<{ frames: number; said: string }> => {
  const child = spawn(toolPath('timeout'), [
    ...['60', toolPath('ffmpeg'), '-hide_banner', '-nostdin', '-v', 'error', '-progress', 'pipe:1'],
    ...['-i', url, '-map', '0:v', '-f', 'null', '-'],
  ])
  let out = ''
  let said = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  await once(child, 'close')
  return { frames: Number([...out.matchAll(/frame=(\d+)/g)].at(-1)?.[1] ?? 0), said }
}

/** The server is ahead of the test, which records faster than time goes: a list of the past has an end. */
const AHEAD_MS = 3_600_000

const playlistOf = (cloud: Cloud, deviceName: string): string => {
  const range = `from=${Date.now() - AHEAD_MS}&to=${Date.now() + AHEAD_MS / 2}`
  const path = `/api/devices/${PRODUCT}/${deviceName}/channels/0/playlist.m3u8`
  return `${cloud.httpUrl}${path}?${range}&token=${cloud.viewerToken}`
}

for (const kind of S3_SERVERS)
  describe(`a bucket at ${kind.name}`, { skip: kind.skip || needTool('ffmpeg') }, () => {
    let server: S3Server
    let frames: Frame[]
    let expected: Buffer
    let cloud: Cloud
    let passedMs = AHEAD_MS

    before(async () => {
      server = await kind.open()
      await server.createBucket('second')
      cloud = await startBucketCloud(
        {
          bucket: s3Options(server.bucket, 'cameras'),
          fallback: s3Options('second', ''),
          httpPort: 0,
        },
        { log: createLogger('error'), now: () => Date.now() + passedMs },
      )
      const turn = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
      frames = turn
      expected = await muxedTs(frames)
    })
    after(async () => {
      await cloud?.close()
      await server?.close()
    })

    const uplink = (more: Partial<BucketUplinkOptions> = {}): BucketUplinkOptions => ({
      kind: 'bucket',
      endpoint: server.endpoint,
      bucket: server.bucket,
      prefix: 'cameras',
      credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
      ...more,
    })

    const s3Options = (bucket: string, prefix: string) => {
      const { endpoint, region, accessKey, secretKey } = server
      return { endpoint, region, accessKey, secretKey, bucket, prefix, pathStyle: true }
    }

    /** Slices of a device as far as the server has read the bucket: it finds one after the other. */
    const listed = async (deviceName: string) => {
      const known = await (await call(cloud, 'GET', '/api/devices')).text()
      if (!known.includes(`"${deviceName}"`)) return []
      return await slicesOf(cloud, { productId: PRODUCT, deviceName })
    }

    /** All that a camera told of before it was closed, once the server has read each one's index. */
    const recorded = async (deviceName: string, camera: TestCamera) => {
      const sizes = camera.slices.map(({ total_size }) => total_size)
      let slices: Awaited<ReturnType<typeof listed>> = []
      await until(async () => {
        slices = await listed(deviceName)
        return slices.length >= sizes.length && slices.every(({ state }) => state === 'done')
      }, `${sizes.length} slices of ${deviceName}`)
      assert.deepEqual(
        slices.map(({ bytes }) => bytes),
        sizes,
      )
      return slices
    }

    /** Until the server takes what has no index for broken off: it gets no more objects while minutes pass. */
    const brokenOff = async (deviceName: string): Promise<void> => {
      await until(async () => {
        const slices = await listed(deviceName)
        if (slices.some(({ state }) => state === 'open')) passedMs += 120_000
        return slices.length > 0 && slices.every(({ state }) => state === 'cut')
      }, `broken off slices of ${deviceName}`)
    }

    const openCamera = async (
      deviceName: string,
      options: BucketUplinkOptions = uplink(),
      format = iv_cs_format_e.IV_CS_FORMAT_TS,
      camera = new TestCamera(),
    ): Promise<TestCamera> => {
      const code = await camera.system.init({
        productId: PRODUCT,
        deviceName,
        uplink: options,
        logger: quiet,
      })
      assert.equal(code, 0, camera.system.lastError)
      await camera.init({ cs_fmt: format })
      await camera.started
      return camera
    }

    const allArrived = (camera: TestCamera): void => {
      assert.ok(camera.slices.length > 0)
      assert.ok(camera.slices.every(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK))
    }

    for (const [name, format] of [
      ['ts', iv_cs_format_e.IV_CS_FORMAT_TS],
      ['fmp4', iv_cs_format_e.IV_CS_FORMAT_FMP4],
    ] as const)
      test(`${name}: recorded into the bucket, played from it with nothing else`, async () => {
        const camera = await openCamera(`plain-${name}`, uplink(), format)
        assert.deepEqual(await camera.record(frames, 20), [])
        await camera.close()
        allArrived(camera)
        const slices = await recorded(`plain-${name}`, camera)
        const bytes = await download(cloud, slices)
        if (name === 'ts') {
          assert.ok(bytes.equals(expected), 'the same bytes')
          assert.deepEqual(checkTs(bytes), [])
        } else
          for (const slice of slices) assert.deepEqual(checkMp4(await download(cloud, [slice])), [])
        const pictures = frames.filter(({ kind: frame }) => frame === 'video').length
        const { frames: decoded, said } = await decodedFrames(playlistOf(cloud, `plain-${name}`))
        assert.equal(said, '')
        assert.equal(decoded, pictures)
      })

    test('what is recorded now is played now, and after a kill in the middle', async () => {
      const camera = await openCamera('killed')
      const half = looped(frames, 1, 0).filter(({ ptsMs }) => ptsMs < 7000)
      assert.deepEqual(await camera.record(half, 20), [])
      try {
        // no end, no index: the device is gone
        await until(
          async () => (await listed('killed')).some(({ state }) => state === 'open'),
          'an open slice is listed',
        )
        await brokenOff('killed')
        const { frames: decoded, said } = await decodedFrames(playlistOf(cloud, 'killed'))
        assert.equal(said, '')
        assert.ok(decoded >= 25, `${decoded} pictures`)
      } finally {
        camera.storage.setCsTransTime(100, 100)
        await camera.close()
      }
    })

    for (const hours of [-26, 3])
      test(`a device whose clock is ${hours} hours off`, async () => {
        const offsetMs = hours * 3_600_000
        const clock = { ...systemClock, nowMs: () => Date.now() + offsetMs }
        const camera = new TestCamera()
        Object.defineProperty(camera, 'system', { value: new System({ clock }) })
        const { CloudStorage } = await import('../../runtime/index.ts')
        Object.defineProperty(camera, 'storage', { value: new CloudStorage(camera.system) })
        await openCamera(`clock${hours}`, uplink(), iv_cs_format_e.IV_CS_FORMAT_TS, camera)
        assert.deepEqual(await camera.record(frames, 20), [])
        await until(() => camera.slices.length > 0, 'a slice is told of')
        const { bucket } = camera.storage.stats(0)!
        await camera.close()
        allArrived(camera)
        assert.ok(
          Math.abs(bucket!.clockOffsetMs + offsetMs) < 60_000,
          `${bucket!.clockOffsetMs} ms`,
        )
      })

    test('keys that were withdrawn: new ones are asked for, once', async () => {
      const reasons: string[] = []
      const camera = await openCamera(
        'keys',
        uplink({
          credentials: async (_, reason) => {
            reasons.push(reason)
            return {
              accessKeyId: server.accessKey,
              secretAccessKey: reasons.length === 1 ? 'withdrawn' : server.secretKey,
              expiresAtMs: Date.now() + 3_600_000,
            }
          },
        }),
      )
      assert.deepEqual(await camera.record(frames, 20), [])
      await camera.close()
      allArrived(camera)
      assert.deepEqual(reasons, ['first', 'refused'])
    })

    test('URLs that another signs: the device has no keys', async () => {
      const camera = await openCamera('presigned', {
        kind: 'bucket',
        endpoint: server.endpoint,
        bucket: server.bucket,
        prefix: 'cameras',
        presign: async ({ method, key, headers }) => {
          const signer = new AwsV4Signer({
            method,
            url: `${server.endpoint}/${server.bucket}/${key}`,
            headers,
            accessKeyId: server.accessKey,
            secretAccessKey: server.secretKey,
            service: 's3',
            region: server.region,
            signQuery: true,
            allHeaders: true,
          })
          return { url: (await signer.sign()).url.href }
        },
      })
      assert.deepEqual(await camera.record(frames, 20), [])
      await camera.close()
      allArrived(camera)
    })

    test('a second bucket takes what the first does not, and both are played as one', async () => {
      const camera = await openCamera(
        'fallback',
        uplink({
          bucket: 'missing',
          fallback: {
            endpoint: server.endpoint,
            bucket: 'second',
            credentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
          },
        }),
      )
      assert.deepEqual(await camera.record(frames, 20), [])
      await until(() => camera.storage.stats(0)?.bucket?.onFallback === true, 'the fallback')
      await camera.close()
      allArrived(camera)
      const slices = await recorded('fallback', camera)
      assert.ok((await download(cloud, slices)).equals(expected), 'the same bytes')
    })

    test('an audit finds what is missing, has changed, or is in no index', async () => {
      const prefix = 'audited'
      const camera = await openCamera('audit', uplink({ prefix }))
      assert.deepEqual(await camera.record(frames, 20), [])
      await camera.close()
      const reader = new BucketReader([s3Options(server.bucket, prefix)])
      const client = reader.client(0)
      try {
        const clean = await audit(reader, { readsAll: true })
        assert.deepEqual(clean.findings, [])
        assert.equal(clean.bytes, expected.length)
        const keys: string[] = []
        for await (const { key } of reader.objects(0, `${PRODUCT}/audit/0/`))
          if (key.endsWith('.ts')) keys.push(key)
        const [removed, damaged, cut] = keys as [string, string, string]
        const bytes = await client.getWhole(damaged)
        await client.delete(removed)
        bytes![1000]! ^= 1
        await client.put(damaged, bytes!)
        await client.put(cut, bytes!.subarray(0, 188))
        const stray = removed.replace(/-\d{8}\//, '-00000099/')
        await client.put(stray, bytes!)
        const { findings } = await audit(reader, { readsAll: true })
        assert.deepEqual(
          findings.map(({ kind, key }) => [kind, key]).sort(),
          [
            ['hash', damaged],
            ['missing', removed],
            ['orphan', stray],
            ['size', cut],
          ].sort(),
        )
      } finally {
        reader.close()
      }
    })
  })
