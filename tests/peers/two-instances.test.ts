/**
 * Two instances of the cloud on one PostgreSQL, one S3 server and one Mosquitto, behind a proxy that sends each request to
 * the other one; one is killed in between.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import mqtt from 'mqtt'
import type { CloudOptions } from '../../cloud/server/index.ts'
import { S3Client } from '../../cloud/server/store/objects/s3/s3-client.ts'
import { staticLogin } from '../../runtime/identity.ts'
import { downFilter, topic } from '../../runtime/mqtt/topics.ts'
import { type TestCloud, until } from '../cloud/support/cloud.ts'
import { noise, pieces, SECRET, sliceId, sliceStart, TestDevice } from '../cloud/support/device.ts'
import { needPostgres, type Postgres, startPostgres } from '../cloud/support/postgres.ts'
import { call, download, slicesOf } from '../e2e/support/cloud-client.ts'
import { clip } from '../faults/support/rig.ts'
import { TestAuthority } from '../support/certificates.ts'
import { CloudProcess } from '../support/cloud-process.ts'
import { DumpFiles } from '../support/dump-files.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { decodeComplaints } from '../support/ffmpeg.ts'
import { framesOf } from '../support/frames.ts'
import { Mosquitto } from '../support/mosquitto.ts'
import { reservePort } from '../support/ports.ts'
import { RoundRobin } from '../support/round-robin.ts'
import { ceph, type S3Server, versitygw } from '../support/s3-servers.ts'
import { TestCamera } from '../support/test-camera.ts'
import { needTool } from '../support/tools.ts'

const PATIENCE_MS = 120_000
const ADMIN = 'the-token-of-the-administrator'
const CLOUD_PASSWORD = 'the-password-of-the-cloud'
/** devices whose questions are counted: enough that both instances have some */
const ASKING = Array.from({ length: 8 }, (_, at) => `asks${at}`)
const kind = versitygw.skip ? ceph : versitygw
const skip =
  needPostgres() || kind.skip || needTool('mosquitto', 'mosquitto_passwd', 'openssl', 'ffmpeg')

type Instance = { port: number; options: CloudOptions; process: CloudProcess }

describe('two instances', { timeout: 900_000, skip }, () => {
  let folder: string
  let postgres: Postgres
  let s3: S3Server
  let broker: Mosquitto
  let authority: TestAuthority
  let proxy: RoundRobin
  /** between the first instance and its objects */
  let line: FaultProxy
  const instances: Instance[] = []
  /** what the helpers of other suites take for a cloud: all that goes over HTTP goes through the proxy */
  let cloud: TestCloud

  const startInstance = async (name: string, endpoint = s3.endpoint): Promise<Instance> => {
    const port = await reservePort()
    const options: CloudOptions = {
      dataDir: join(folder, name),
      httpPort: port,
      databaseUrl: postgres.url,
      s3: { ...s3, endpoint, pathStyle: true },
      mqttBrokerUrl: broker.cloudUrl(CLOUD_PASSWORD),
      publicUrl: proxy.url,
      adminToken: ADMIN,
      viewerToken: 'the-token-of-the-viewers',
      signingKey: 'the-key-that-signs-what-they-give',
      logLevel: 'info',
    }
    const process = await CloudProcess.start(options)
    proxy.ports.push(port)
    return { port, options, process }
  }

  const kill = async (instance: Instance): Promise<void> => {
    await instance.process.kill()
    proxy.ports = proxy.ports.filter((port) => port !== instance.port)
  }

  const restart = async (instance: Instance): Promise<void> => {
    instance.process = await CloudProcess.start(instance.options)
    proxy.ports.push(instance.port)
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'skyrill-instances-'))
    authority = new TestAuthority(folder)
    postgres = await startPostgres()
    s3 = await kind.open()
    broker = await Mosquitto.prepare(folder, authority.issue('broker'))
    broker.password('cloud', CLOUD_PASSWORD)
    // all of them now: a broker that reads its file while it is written ends the sessions that it misses in it
    for (const name of ['camera', 'twin', 'orphan', ...ASKING])
      broker.password(`P1/${name}`, SECRET)
    await broker.start()
    proxy = await RoundRobin.open()
    // one after the other: they also share the migrations
    const target = { port: Number(new URL(s3.endpoint).port) }
    line = await new FaultProxy({ target, protocol: 'tcp' }).start()
    instances.push(await startInstance('one', `http://127.0.0.1:${line.port}`))
    instances.push(await startInstance('two'))
    const address = { httpUrl: proxy.url, mqttUrl: broker.deviceUrl, adminToken: ADMIN }
    const api = (method: string, path: string, body?: unknown) =>
      call(address, method, `/api${path}`, body)
    cloud = { ...address, api } as TestCloud
  })
  after(async () => {
    for (const { process } of instances) await process.kill()
    await line?.stop()
    await proxy?.close()
    await broker?.stop()
    await s3?.close()
    await postgres?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const connectStatic = async (name: string) => {
    const login = { ...staticLogin('P1', name, SECRET), ca: authority.ca, reconnectPeriod: 0 }
    const client = await mqtt.connectAsync(broker.deviceUrl, login)
    await client.subscribeAsync(downFilter('P1', name), { qos: 1 })
    return client
  }

  /** A device that speaks the protocol by hand, with a token. */
  const deviceOf = async (name: string): Promise<TestDevice> => {
    const device = await new TestDevice(cloud, 'P1', name).register()
    device.client = await connectStatic(name)
    device.client.on('message', (_, text) => device.received.push(JSON.parse(text.toString())))
    // it asks under a new name each time, so one that has died must be missed first
    return until('a token', () => device.authorize().catch(() => undefined), PATIENCE_MS)
  }

  test('a camera records through both, one is killed: every byte, and no byte twice', async () => {
    const frames = await framesOf(clip('clip.h264'), 'h264', { audioPath: clip('clip.aac') })
    const named = { productId: 'P1', deviceName: 'camera' }
    await new TestDevice(cloud, 'P1', 'camera').register()
    const identity = { ...named, deviceSecret: SECRET, cloudUrl: broker.deviceUrl }
    const camera = new TestCamera()
    const dump = new DumpFiles()
    camera.callbacks = { onDumpFile: dump.callback }
    try {
      const login = { login: 'static' as const, ca: authority.ca }
      await camera.open({ ...identity, ...login }, { u32MaxGopSize: 8 * 1024 * 1024 })
      await camera.started
      const third = Math.floor(frames.length / 3)
      assert.deepEqual(await camera.record(frames.slice(0, third)), [])
      await kill(instances[0]!)
      assert.deepEqual(await camera.record(frames.slice(third, 2 * third)), [])
      await restart(instances[0]!)
      assert.deepEqual(await camera.record(frames.slice(2 * third)), [])
      await until('the last byte', () => camera.storage.stats(0)!.bufferedBytes === 0, PATIENCE_MS)
      await camera.close()
    } finally {
      await camera.system.exit()
    }
    assert.equal(proxy.answered.size, 2, 'both had a part in it')
    const slices = await until(
      'the last slice to be closed',
      async () => {
        const found = await slicesOf(cloud, identity)
        const isWhole = found.length === camera.slices.length
        return isWhole && found.every(({ state }) => state === 'done') && found
      },
      PATIENCE_MS,
    )
    // what the camera muxed: while an instance starts it may be idle for so long that it ends a fragment early
    const whole = Buffer.concat([...dump.files.values()].map(({ bytes }) => bytes))
    assert.deepEqual(dump.faults, [])
    // read twice: each instance gives the same
    for (let at = 0; at < 2; at++)
      assert.ok((await download(cloud, slices)).equals(whole), 'every byte, and no byte twice')
    const client = new S3Client({ ...s3, pathStyle: true })
    await until(
      'the appends to be one object each slice',
      async () => (await client.list('parts/')).length === 0,
      PATIENCE_MS,
    )
    assert.equal((await client.list('objects/')).length, slices.length)
    client.close()
  })

  describe('an export of what the camera recorded', () => {
    type Export = { id: string; state: string; reason: string; bytes: number; url: string }
    const exportsPath = '/api/devices/P1/camera/exports'
    const at = (instance: Instance) => ({ ...cloud, httpUrl: `http://127.0.0.1:${instance.port}` })
    const create = async (instance: Instance): Promise<Export> => {
      const slices = await slicesOf(cloud, { productId: 'P1', deviceName: 'camera' })
      const path = '/api/devices/P1/camera/channels/0/exports'
      const range = { fromMs: slices[0]!.startMs, toMs: slices.at(-1)!.endMs }
      const answer = await call(at(instance), 'POST', path, range)
      assert.equal(answer.status, 202, await answer.clone().text())
      return (await answer.json()) as Export
    }
    const get = async (instance: Instance, { id }: Export): Promise<Export> =>
      (await (await call(at(instance), 'GET', `${exportsPath}/${id}`)).json()) as Export
    const done = async (instance: Instance, job: Export): Promise<Export> => {
      const over = await until(
        'the export',
        async () => {
          const found = await get(instance, job)
          return found.state !== 'running' && found
        },
        PATIENCE_MS,
      )
      assert.deepEqual([over.state, over.reason], ['done', ''])
      return over
    }
    const file = async (instance: Instance, { url }: Export): Promise<Buffer> => {
      const answer = await call(at(instance), 'GET', url)
      assert.equal(answer.status, 200)
      return Buffer.from(await answer.arrayBuffer())
    }

    test('made at one, which is killed: the other has the file', async () => {
      const [one, two] = [instances[0]!, instances[1]!]
      const job = await done(one, await create(one))
      const whole = await file(one, job)
      assert.equal(whole.length, job.bytes)
      const path = join(folder, 'export.mp4')
      writeFileSync(path, whole)
      assert.equal(decodeComplaints(path), '')
      await kill(one)
      assert.ok((await file(two, job)).equals(whole))
      const headers = { Authorization: `Bearer ${ADMIN}`, Range: 'bytes=4-7' }
      const part = await fetch(`${at(two).httpUrl}${job.url}`, { headers })
      assert.deepEqual([part.status, await part.text()], [206, 'ftyp'])
      await restart(one)
      assert.equal((await call(at(two), 'DELETE', `${exportsPath}/${job.id}`)).status, 204)
      assert.equal((await call(at(one), 'GET', job.url)).status, 404)
    })

    test('killed while it was made: the other one makes it', async () => {
      const [one, two] = [instances[0]!, instances[1]!]
      await line.set({ kind: 'stall' })
      const job = await until(
        'the first one to be at the objects',
        async () => {
          const made = await create(one)
          const isHere = () => line.hits > 0
          const isOver = async () => (await get(two, made)).state !== 'running'
          // the other one may have looked for jobs at that very moment
          await until('one to take it', async () => isHere() || (await isOver()), PATIENCE_MS)
          return isHere() && made
        },
        PATIENCE_MS,
      )
      assert.equal((await get(two, job)).state, 'running')
      await kill(one)
      await line.heal()
      const over = await done(two, job)
      assert.equal((await file(two, over)).length, over.bytes)
      await restart(one)
      assert.equal((await file(one, over)).length, over.bytes)
      assert.equal((await call(at(one), 'DELETE', `${exportsPath}/${job.id}`)).status, 204)
    })
  })

  test('of two appends at one place one counts, wherever they arrive', async () => {
    const device = await deviceOf('twin')
    const startUtcMs = Date.now() - 60_000
    const id = sliceId(1)
    assert.equal((await device.create(sliceStart({ id, startUtcMs }))).status, 201)
    assert.equal((await device.create(sliceStart({ id, startUtcMs }))).status, 200, 'known there')
    let offset = 0
    for (let round = 0; round < 5; round++) {
      const data = noise(300_000, round + 1)
      const list = pieces(1, { bytes: data.length, offset, startMs: startUtcMs + round * 2000 })
      const both = await Promise.all([
        device.append(id, offset, data, { pieces: list }),
        device.append(id, offset, data, { pieces: list }),
      ])
      assert.deepEqual(both.map(({ status }) => status).toSorted(), [204, 409])
      offset += data.length
      for (let at = 0; at < 2; at++)
        assert.equal((await device.head(id)).headers.get('Upload-Offset'), String(offset))
    }
    const path = `/media/P1/twin/0/${id}.ts`
    const playable = await until(
      'all of it to be playable at both',
      async () => {
        const answers = await Promise.all([call(cloud, 'GET', path), call(cloud, 'GET', path)])
        const bodies = await Promise.all(answers.map((answer) => answer.arrayBuffer()))
        return bodies.every((body) => body.byteLength === offset) && bodies
      },
      PATIENCE_MS,
    )
    const expected = Buffer.concat([1, 2, 3, 4, 5].map((seed) => noise(300_000, seed)))
    for (const body of playable) assert.ok(Buffer.from(body).equals(expected))
    await device.close()
  })

  test('what a killed instance had open is closed by the other', async () => {
    const device = await deviceOf('orphan')
    const startUtcMs = Date.now() - 60_000
    const [first, second] = [sliceId(1), sliceId(2)]
    const part = async (id: string, atMs: number) => {
      assert.equal((await device.create(sliceStart({ id, startUtcMs: atMs }))).status, 201)
      const list = pieces(1, { bytes: 300_000, startMs: atMs })
      const done = await device.append(id, 0, noise(300_000), { pieces: list })
      assert.equal(done.status, 204)
    }
    // whoever has it; after the kill its owner may be the one that is gone
    await part(first, startUtcMs)
    await kill(instances[1]!)
    await part(second, startUtcMs + 10_000)
    const states = async () =>
      (await slicesOf(cloud, { productId: 'P1', deviceName: 'orphan' })).map(({ state }) => state)
    await until('the first one to be cut', async () => (await states())[0] === 'cut', PATIENCE_MS)
    const file = await call(cloud, 'GET', `/media/P1/orphan/0/${first}.ts`)
    assert.ok(Buffer.from(await file.arrayBuffer()).equals(noise(300_000)))
    await restart(instances[1]!)
    await device.close()
  })

  test('a question has one answer; when an instance is gone, at the latest when asked again', async () => {
    const clients = await Promise.all(
      ASKING.map(async (name) => {
        await new TestDevice(cloud, 'P1', name).register()
        const client = await connectStatic(name)
        const answers: string[] = []
        client.on('message', (_, text) => {
          const { clientToken, method } = JSON.parse(text.toString())
          if (method === 'get_status_reply') answers.push(clientToken)
        })
        return { name, client, answers }
      }),
    )
    const ask = async ({ name, client }: (typeof clients)[number], clientToken: string) => {
      const question = { method: 'get_status', clientToken, params: { channel: 0 } }
      const name_ = topic('up', 'property', 'P1', name)
      await client.publishAsync(name_, JSON.stringify(question), { qos: 1 })
    }
    // both have heard of each other once every device is answered once
    await until(
      'one answer each',
      async () => {
        const token = randomUUID()
        for (const asking of clients) await ask(asking, token)
        // messages of one connection come in order: an answer to this one is behind a second answer to the first
        const marker = randomUUID()
        for (const asking of clients) for (let at = 0; at < 2; at++) await ask(asking, marker)
        await until(
          'the markers',
          () => clients.every(({ answers }) => answers.includes(marker)),
          PATIENCE_MS,
        )
        return clients.every(({ answers }) => answers.filter((one) => one === token).length === 1)
      },
      PATIENCE_MS,
    )
    await kill(instances[0]!)
    for (const asking of clients) {
      const token = randomUUID()
      await ask(asking, token)
      await ask(asking, token)
      await until('an answer', () => asking.answers.includes(token), PATIENCE_MS)
    }
    for (const { client } of clients) await client.endAsync(true)
    await restart(instances[0]!)
  })
})
