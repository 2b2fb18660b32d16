/** `skyrill push --product-secret`: a camera that knows only its product registers itself and records. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCloud, until } from '../cloud/support/cloud.ts'
import { ffmpeg } from '../support/ffmpeg.ts'
import { ROOT } from '../support/paths.ts'
import { needTool } from '../support/tools.ts'

test('a camera registers itself, records, and goes on with its secret', {
  skip: needTool('ffmpeg'),
}, async () => {
  const work = mkdtempSync(join(tmpdir(), 'skyrill-registers-'))
  const cloud = await openCloud()
  try {
    const made = await cloud.api('PUT', '/products/P7', {
      mode: 'open',
      plan: { type: 'full', days: 1 },
    })
    const { productSecret } = (await made.json()) as { productSecret: string }
    const input = join(work, 'camera.h264')
    ffmpeg(
      ...['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=4'],
      ...[
        '-c:v',
        'libx264',
        '-preset',
        'ultrafast',
        '-bf',
        '0',
        '-g',
        '25',
        '-bsf:v',
        'h264_mp4toannexb',
      ],
      ...['-f', 'h264', '-y', input],
    )
    const secretFile = join(work, 'keys', 'camera.secret')
    const push = (secret: string) => {
      const program = 'Bun' in globalThis ? [] : ['--import', 'tsx']
      const child = spawn(
        process.execPath,
        [
          ...program,
          join(ROOT, 'tools/cli.ts'),
          'push',
          ...['--cloud', cloud.mqttUrl, '--http', cloud.httpUrl, '--product-id', 'P7'],
          ...['--device-name', 'self', '--secret-file', secretFile, '--input', input],
        ],
        {
          cwd: ROOT,
          env: { ...process.env, SKYRILL_PRODUCT_SECRET: secret },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      )
      let said = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          said += chunk
        })
      return { child, said: () => said, ended: once(child, 'close') }
    }
    const recorded = async (sinceMs: number) => {
      const path = `/devices/P7/self/channels/0/timeline?from=${sinceMs}&to=${Date.now() + 1000}`
      const answer = await cloud.api('GET', path)
      if (answer.status !== 200) return false
      return ((await answer.json()) as { recordings: object[] }).recordings.length > 0
    }
    // the second time it has its secret and needs the product's no more
    for (const secret of [productSecret, 'not asked for any more']) {
      const sinceMs = Date.now()
      const camera = push(secret)
      let isEnded = false
      void camera.ended.then(() => {
        isEnded = true
      })
      await until(
        'a recording',
        async () => {
          if (isEnded) throw new Error(camera.said())
          return recorded(sinceMs)
        },
        60_000,
      )
      camera.child.kill('SIGINT')
      await camera.ended
    }
    assert.equal(statSync(secretFile).mode & 0o777, 0o600)
    assert.equal(Buffer.from(readFileSync(secretFile, 'utf8').trim(), 'base64').length, 32)
    rmSync(secretFile)
    const late = push(productSecret)
    const [code] = await late.ended
    assert.equal(code, 1)
    assert.match(late.said(), /not registered: this device has registered and connected already/)
  } finally {
    await cloud.remove()
    rmSync(work, { recursive: true, force: true })
  }
})
