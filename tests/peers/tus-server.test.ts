/**
 * An independent tus server, `@tus/server` with its file store and nothing of ours, takes a device's slices: what we speak is tus. It knows neither our index nor
 * checksums nor creation that can be repeated, and it keeps what came of an append that broke off; the device goes on at any byte.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server as HttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'
import { iv_cs_upload_state_e } from '../../runtime/index.ts'
import { until } from '../cloud/support/cloud.ts'
import { clip } from '../faults/support/rig.ts'
import { FakeCloud } from '../support/fake-cloud.ts'
import { type Fault, FaultProxy, type ProxiedRequest } from '../support/fault-proxy.ts'
import { type Frame, framesOf } from '../support/frames.ts'
import { muxedTs } from '../support/muxed.ts'
import { TestCamera } from '../support/test-camera.ts'

const PATIENCE_MS = 90_000
const COLLECTION = '/files'
const appends = ({ method }: ProxiedRequest): boolean => method === 'PATCH'

type Case = { name: string; fault?: Fault; match?: (request: ProxiedRequest) => boolean }

const CASES: readonly Case[] = [
  { name: 'a line that is well' },
  {
    name: 'appends that break off in the middle',
    fault: { kind: 'cut-request', afterBytes: 30_000 },
    match: appends,
  },
  {
    name: 'acknowledgements that are lost after the write',
    fault: { kind: 'cut-answer', afterBytes: 0 },
    match: appends,
  },
  { name: 'a line that is cut', fault: { kind: 'reset' } },
]

describe('@tus/server as ingest', { timeout: 600_000 }, () => {
  let folder: string
  let server: HttpServer
  let proxy: FaultProxy
  // the broker, which says where slices go; no byte of video goes there
  const cloud = new FakeCloud()
  let frames: Frame[]
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-tus-'))
    const tus = new Server({ path: COLLECTION, datastore: new FileStore({ directory: folder }) })
    server = createServer((request, response) => void tus.handle(request, response))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    proxy = await new FaultProxy({ target: { port }, protocol: 'http' }).start()
    await cloud.start()
    cloud.uploadUrl = `http://127.0.0.1:${proxy.port}${COLLECTION}`
    frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
  })
  after(async () => {
    await cloud.stop()
    await proxy.stop()
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What the server has of one boot, slice by slice; where a creation was repeated the last one counts. */
  const uploaded = (bootId: string) => {
    const slices = new Map<string, { bytes: Buffer; size: number | undefined }>()
    for (const name of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      const info = JSON.parse(readFileSync(join(folder, name), 'utf8'))
      const { id } = JSON.parse(info.metadata.slice)
      if (!id.startsWith(bootId)) continue
      const bytes = readFileSync(join(folder, name.slice(0, -'.json'.length)))
      if (bytes.length > 0) slices.set(id, { bytes, size: info.size })
    }
    return [...slices.keys()].sort().map((id) => slices.get(id)!)
  }

  for (const { name, fault, match } of CASES)
    test(name, { timeout: 4 * PATIENCE_MS }, async () => {
      const camera = new TestCamera()
      try {
        await camera.open(
          { productId: 'TUS', deviceName: 'camera', deviceSecret: 's', cloudUrl: cloud.mqttUrl },
          { u32MaxGopSize: 8 * 1024 * 1024 },
        )
        await camera.started
        camera.storage.setCsTransTime(2000, 2000)
        const half = frames.findIndex(({ ptsMs }) => ptsMs >= 12_000)
        assert.deepEqual(await camera.record(frames.slice(0, half)), [])
        if (fault) await proxy.set(fault, { limit: 4, ...(match && { match }) })
        const rest = camera.record(frames.slice(half))
        if (fault) await until('the fault', () => proxy.hits >= 4, PATIENCE_MS)
        await proxy.heal()
        assert.deepEqual(await rest, [])
        await until('the end', () => camera.storage.stats(0)!.bufferedBytes === 0, PATIENCE_MS)
        await camera.close()
        const slices = uploaded(camera.system.bootId)
        const bytes = Buffer.concat(slices.map(({ bytes }) => bytes))
        assert.ok(bytes.equals(await muxedTs(frames)), 'every byte, and no byte twice')
        assert.deepEqual(
          slices.map(({ size }) => size),
          slices.map(({ bytes }) => bytes.length),
          'each upload was ended with its length',
        )
        assert.equal(
          camera.slices.filter(({ state }) => state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK)
            .length,
          slices.length,
        )
      } finally {
        await camera.system.exit()
      }
    })
})
