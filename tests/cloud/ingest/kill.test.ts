import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../support/paths.ts'
import { makeFolder, type TestCloud } from '../support/cloud.ts'
import { noise, sliceId, sliceStart, TestDevice } from '../support/device.ts'

const PROGRAM = join(ROOT, 'tests/cloud/ingest/server-process.ts')
const ROUNDS = 4
const PIECE_BYTES = 20_000
/** Short, since a slice has at most ten minutes and this one is filled as fast as it goes. */
const PIECE_MS = 20

const servers: ChildProcess[] = []
after(() => {
  for (const server of servers) server.kill('SIGKILL')
})

/** Starts the cloud with the runtime that runs this test. */
const start = async (folder: string): Promise<{ cloud: TestCloud; process: ChildProcess }> => {
  const args = 'Bun' in globalThis ? [PROGRAM] : ['--import', 'tsx', PROGRAM]
  const child = spawn(process.execPath, [...args, folder, '0', '0'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  servers.push(child)
  const line = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout!.on('data', (chunk) => {
      text += chunk
      if (text.includes('\n')) resolve(text)
    })
    child.once('exit', (code) => reject(new Error(`the cloud did not start (${code})`)))
  })
  const urls = JSON.parse(line) as { httpUrl: string; mqttUrl: string; adminToken: string }
  const api: TestCloud['api'] = (method, path, body) =>
    fetch(`${urls.httpUrl}/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${urls.adminToken}`, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  return { cloud: { ...urls, api } as TestCloud, process: child }
}

/**
 * The cloud is killed in the middle of appends, several times. Each time the device asks where the slice ends and goes
 * on there. What was acknowledged must be there, byte for byte, with its index; nothing may be there twice.
 */
test('what was acknowledged survives kill -9', { timeout: 500_000 }, async () => {
  const folder = await makeFolder()
  try {
    const startUtcMs = Date.now()
    const id = sliceId(7)
    let acknowledged = 0
    let device: TestDevice | undefined
    for (let round = 0; round < ROUNDS; round++) {
      const { cloud, process: server } = await start(folder)
      const died = once(server, 'exit')
      device = new TestDevice(cloud)
      if (round === 0) await device.register()
      await device.authorize()
      if (round === 0) await device.create(sliceStart({ id, startUtcMs }))
      const asked = await device.head(id)
      assert.equal(asked.status, 200)
      let offset = Number(asked.headers.get('Upload-Offset'))
      assert.ok(
        offset >= acknowledged,
        `round ${round}: ${offset} < ${acknowledged} acknowledged bytes`,
      )
      assert.equal(offset % PIECE_BYTES, 0, 'an append is there whole or not at all')

      // killed after a while that no append knows of
      const killer = setTimeout(() => server.kill('SIGKILL'), 150 + 130 * round)
      try {
        for (;;) {
          const piece = {
            ...{ o: offset, b: PIECE_BYTES, d: PIECE_MS, n: 1, k: 1 },
            t: startUtcMs + (offset / PIECE_BYTES) * PIECE_MS,
          }
          const data = noise(PIECE_BYTES, offset + 1)
          const response: Response = await device.append(id, offset, data, { pieces: [piece] })
          assert.equal(response.status, 204)
          offset += PIECE_BYTES
          acknowledged = offset
          await sleep(2)
        }
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
      }
      clearTimeout(killer)
      server.kill('SIGKILL')
      await died
      await device.close().catch(() => {})
    }

    const { cloud, process: server } = await start(folder)
    try {
      device = new TestDevice(cloud)
      await device.authorize()
      const offset = Number((await device.head(id)).headers.get('Upload-Offset'))
      assert.ok(offset >= acknowledged && acknowledged > ROUNDS * PIECE_BYTES)
      const end = {
        endUtcMs: startUtcMs,
        endPtsMs: 0,
        endSeq: 1,
        frames: 1,
        reason: 'stop' as const,
      }
      const length = { 'Upload-Length': String(offset) }
      const last = await device.append(id, offset, Buffer.alloc(0), { pieces: [], end }, length)
      assert.equal(last.status, 204)

      const query = `from=${startUtcMs}&to=${startUtcMs + 600_000}`
      const answer = await cloud.api('GET', `${device.path}/channels/0/slices?${query}`)
      const { slices } = (await answer.json()) as {
        slices: { state: string; bytes: number; pieces: number; url: string }[]
      }
      assert.equal(slices.length, 1)
      const [slice] = slices
      assert.deepEqual(
        { state: slice!.state, bytes: slice!.bytes, pieces: slice!.pieces },
        { state: 'done', bytes: offset, pieces: offset / PIECE_BYTES },
      )
      const read = await cloud.api('GET', `/..${slice!.url}`)
      const data = Buffer.from(await read.arrayBuffer())
      assert.equal(data.length, offset)
      for (let at = 0; at < offset; at += PIECE_BYTES)
        assert.ok(
          data.subarray(at, at + PIECE_BYTES).equals(noise(PIECE_BYTES, at + 1)),
          `the bytes from ${at} on are what was sent`,
        )
      await device.close()
    } finally {
      const died = once(server, 'exit')
      server.kill('SIGKILL')
      await died
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
