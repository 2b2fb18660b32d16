import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { iv_cs_format_e, type SystemOptions } from '../../runtime/index.ts'
import { openCloud } from '../cloud/support/cloud.ts'
import { register } from '../e2e/support/cloud-client.ts'
import { FAKE_KEYS, FakeS3 } from '../support/fake-s3.ts'
import { videoFrameMd5s } from '../support/ffmpeg.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import { ROOT, withTempFolder } from '../support/paths.ts'
import { quiet, TestCamera } from '../support/test-camera.ts'
import { needTool } from '../support/tools.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../tools/demo/${name}`, import.meta.url))

/** The commands of a section of docs/RECOVERY.md, as they stand there. */
const recipe = (section: string): string => {
  const text = readFileSync(join(ROOT, 'docs', 'RECOVERY.md'), 'utf8')
  const found = new RegExp(`## ${section}\\n[^#]*?\`\`\`sh\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1]
  assert.ok(found, `docs/RECOVERY.md has commands under "${section}"`)
  return found
}

/** Beside this process, which serves what the commands read. */
const bash = async (script: string, cwd: string, env: Record<string, string> = {}) => {
  const child = spawn('bash', ['-eu', '-c', script], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 120_000,
  })
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0, said)
}

describe('docs/RECOVERY.md, word for word', {
  skip: needTool('openssl', 'ffmpeg', 'jq', 'curl'),
}, () => {
  let frames: Frame[]
  let expected: Buffer
  before(async () => {
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    expected = await muxedTs(frames)
  })

  const record = async (options: SystemOptions, format = iv_cs_format_e.IV_CS_FORMAT_TS) => {
    const camera = new TestCamera()
    const code = await camera.system.init({ ...options, logger: quiet })
    assert.equal(code, 0, camera.system.lastError)
    await camera.init({ cs_fmt: format })
    await camera.started
    assert.deepEqual(await camera.record(frames, 30), [])
    await camera.close()
  }

  const keysIn = async (folder: string) => {
    await bash(recipe('Keys'), folder)
    const publicKey = readFileSync(join(folder, 'public.pem'), 'utf8')
    return { mode: 'owner' as const, publicKey }
  }

  for (const [name, format] of [
    ['TS', iv_cs_format_e.IV_CS_FORMAT_TS],
    ['fMP4', iv_cs_format_e.IV_CS_FORMAT_FMP4],
  ] as const)
    test(`from a bucket, ${name}`, () =>
      withTempFolder(async (folder) => {
        const s3 = await new FakeS3().start()
        try {
          const encryption = await keysIn(folder)
          const uplink = {
            kind: 'bucket' as const,
            endpoint: s3.endpoint,
            bucket: 'recordings',
            credentials: FAKE_KEYS,
          }
          await record({ productId: 'TEST', deviceName: 'camera', uplink, encryption }, format)
          const slices: Buffer[] = []
          const indexes = s3.keys(/\/index\/\d\d\/[0-9a-f]{16}-\d{8}\.json$/)
          for (const index of indexes) {
            const id = /([0-9a-f]{16}-\d{8})\.json$/.exec(index)![1]!
            const place = join(folder, id)
            mkdirSync(join(place, 'objects'), { recursive: true })
            writeFileSync(join(place, 'owner.pem'), readFileSync(join(folder, 'owner.pem')))
            writeFileSync(join(place, 'slice.json'), s3.objects.get(index)!.body)
            for (const key of s3.keys(new RegExp(`/${id}/`)))
              writeFileSync(
                join(place, 'objects', key.split('/').at(-1)!),
                s3.objects.get(key)!.body,
              )
            await bash(recipe('From a bucket'), place)
            slices.push(readFileSync(join(place, 'slice.media')))
            assert.ok(videoFrameMd5s(join(place, 'recording.mp4')).length > 0)
          }
          assert.ok(slices.length > 1)
          if (name === 'TS') assert.ok(Buffer.concat(slices).equals(expected))
          else for (const slice of slices) assert.equal(slice.toString('latin1', 4, 8), 'ftyp')
        } finally {
          await s3.stop()
        }
      }))

  test('from a cloud', () =>
    withTempFolder(async (folder) => {
      const cloud = await openCloud({ logLevel: 'error' }, { now: () => Date.now() + 3_600_000 })
      try {
        const encryption = await keysIn(folder)
        const identity = await register(cloud, 'secret')
        await record({ ...identity, encryption })
        await bash(recipe('From a cloud'), folder, {
          CLOUD: cloud.httpUrl,
          DEVICE: 'TEST/secret',
          FROM: String(Date.now() - 1_800_000),
          TO: String(Date.now() + 1_800_000),
          TOKEN: cloud.viewerToken,
        })
        const plain = join(folder, 'plain.ts')
        writeFileSync(plain, expected)
        assert.deepEqual(videoFrameMd5s(join(folder, 'recording.mp4')), videoFrameMd5s(plain))
      } finally {
        await cloud.remove()
      }
    }))
})
