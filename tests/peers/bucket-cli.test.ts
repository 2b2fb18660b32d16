import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BucketReader } from '../../cloud/server/bucket/reader.ts'
import { ROOT } from '../support/paths.ts'
import { type S3Server, versitygw } from '../support/s3-servers.ts'

const clip = (name: string): string =>
  fileURLToPath(new URL(`../../tools/demo/${name}`, import.meta.url))

const until = async (condition: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  for (const deadline = Date.now() + 90_000; !(await condition()); ) {
    assert.ok(Date.now() < deadline, `not within 90 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

type Running = { child: ChildProcess; out(): string; ended: Promise<number | null> }

const skyrill = (server: S3Server, args: string[]): Running => {
  const child = spawn(process.execPath, [join(ROOT, 'tools', 'cli.ts'), ...args], {
    env: {
      ...process.env,
      AWS_ACCESS_KEY_ID: server.accessKey,
      AWS_SECRET_ACCESS_KEY: server.secretKey,
      SKYRILL_HTTP_PORT: '0',
      SKYRILL_LOG: 'error',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk) => {
      out += chunk
    })
  return { child, out: () => out, ended: once(child, 'close').then(([code]) => code) }
}

describe('the command line with a bucket', { skip: versitygw.skip }, () => {
  test('push, cloud and audit: recorded, shown, and found in order', async () => {
    const server = await versitygw.open()
    const url = `${server.endpoint}/${server.bucket}/home`
    const { endpoint, bucket, region, accessKey, secretKey } = server
    const reader = new BucketReader([
      { endpoint, bucket, region, accessKey, secretKey, prefix: 'home', pathStyle: true },
    ])
    const running: Running[] = []
    const start = (...args: string[]): Running => {
      const one = skyrill(server, args)
      running.push(one)
      return one
    }
    try {
      const push = start(
        ...['push', '--bucket', url, '--product-id', 'P1', '--device-name', 'yard'],
        ...['--input', clip('clip.h264'), '--audio', clip('clip.aac'), '--speed', '20'],
      )
      await until(async () => {
        assert.equal(push.child.exitCode, null, push.out())
        let indexes = 0
        for await (const { key } of reader.objects(0, 'P1/yard/'))
          if (key.endsWith('.json')) indexes++
        return indexes >= 2
      }, 'slices with their indexes')
      push.child.kill('SIGINT')
      assert.equal(await push.ended, 0, push.out())
      assert.match(push.out(), /the last slice is closed/)

      const cloud = start('cloud', '--bucket', url)
      await until(() => /page +http/.test(cloud.out()), 'the page’s address')
      const page = new URL(/page +(\S+)/.exec(cloud.out())![1]!)
      const headers = { Authorization: `Bearer ${page.searchParams.get('token')}` }
      const devices = await fetch(`${page.origin}/api/devices`, { headers })
      assert.match(await devices.text(), /"yard"/)
      cloud.child.kill('SIGINT')
      assert.equal(await cloud.ended, 0, cloud.out())

      const audit = start('audit', '--bucket', url, '--hash')
      assert.equal(await audit.ended, 0, audit.out())
      assert.match(audit.out(), /\d+ slices, \d+ objects, \d+ bytes: 0 faults/)
    } finally {
      for (const { child } of running) child.kill('SIGKILL')
      reader.close()
      await server.close()
    }
  })

  test('what is typed wrong is said', async () => {
    const server = { accessKey: 'a', secretKey: 'b' } as S3Server
    for (const [args, message] of [
      [
        [
          'push',
          '--bucket',
          'http://host',
          '--product-id',
          'P',
          '--device-name',
          'd',
          '--input',
          'x',
        ],
        /https:\/\/endpoint\/bucket/,
      ],
      [['push', '--fallback', 'http://host/b'], /--fallback needs --bucket/],
      [['cloud', '--bucket', 'nonsense'], /must be https:\/\/endpoint\/bucket/],
      [['audit'], /--bucket is required/],
    ] as const) {
      const one = skyrill(server, [...args])
      assert.equal(await one.ended, 2, one.out())
      assert.match(one.out(), message)
    }
  })
})
