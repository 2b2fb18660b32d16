import { randomUUID } from 'node:crypto'
import mqtt from 'mqtt'
import { hmacLogin } from '../../runtime/identity.ts'
import { uploadTokenReplySchema } from '../../runtime/mqtt/messages.ts'
import { downFilter, topic } from '../../runtime/mqtt/topics.ts'
import type { Grant } from './camera.ts'

const PRODUCT = 'BENCH'
const SECRET = Buffer.from('the secret of every camera here.').toString('base64')
const CONCURRENCY = 32
const HEARTBEAT_MS = 30_000
const ANSWER_MS = 30_000

export type CloudAddress = { httpUrl: string; mqttUrl: string; adminToken: string }

const inParallel = async (count: number, task: (at: number) => Promise<void>): Promise<void> => {
  let next = 0
  const worker = async () => {
    while (next < count) await task(next++)
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, worker))
}

const register = async ({ httpUrl, adminToken }: CloudAddress, name: string): Promise<void> => {
  const call = async (method: string, path: string, body: object) => {
    const answer = await fetch(`${httpUrl}/api${path}`, {
      method,
      headers: { Authorization: `Bearer ${adminToken}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    await answer.arrayBuffer()
  }
  await call('POST', '/devices', { productId: PRODUCT, deviceName: name, deviceSecret: SECRET })
  await call('PUT', `/devices/${PRODUCT}/${name}/channels/0/plan`, { type: 'full', days: 30 })
}

/** Connects a camera to the broker, as a device does, and asks for its upload token. The session stays, with its heartbeats. */
const connect = async (address: CloudAddress, name: string, isHmac: boolean) => {
  const login = isHmac
    ? hmacLogin(PRODUCT, name, SECRET, Date.now() / 1000 + 3600, 'abcde')
    : { clientId: `${PRODUCT}${name}`, username: `${PRODUCT}/${name}`, password: SECRET }
  const client = await mqtt.connectAsync(address.mqttUrl, { ...login, reconnectPeriod: 0 })
  await client.subscribeAsync(downFilter(PRODUCT, name), { qos: 1 })
  const clientToken = randomUUID()
  const answer = new Promise<Grant>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no upload token')), ANSWER_MS)
    client.on('message', (_, payload) => {
      const reply = uploadTokenReplySchema.safeParse(JSON.parse(payload.toString()))
      if (!reply.success || reply.data.clientToken !== clientToken) return
      clearTimeout(timer)
      if (reply.data.data) resolve(reply.data.data)
      else reject(new Error(reply.data.status))
    })
  })
  const ask = { method: 'upload_token', clientToken, params: { channel: 0 } }
  await client.publishAsync(topic('up', 'service', PRODUCT, name), JSON.stringify(ask), { qos: 1 })
  const bootId = '00112233445566aa'
  const timer = setInterval(() => {
    const params = {
      utcMs: Date.now(),
      intervalMs: HEARTBEAT_MS,
      bootId,
      version: 'bench',
      channels: [0],
    }
    const beat = JSON.stringify({ method: 'heartbeat', clientToken: randomUUID(), params })
    client.publish(topic('up', 'event', PRODUCT, name), beat, { qos: 1 })
  }, HEARTBEAT_MS)
  const close = async () => {
    clearInterval(timer)
    await client.endAsync(true)
  }
  return { grant: await answer, close }
}

/** Registers cameras, connects them all, and has them all fetch a token. */
export const fetchGrants = async (
  address: CloudAddress,
  count: number,
  isHmac: boolean,
): Promise<{ grants: Grant[]; close(): Promise<void> }> => {
  const grants: Grant[] = []
  const sessions: (() => Promise<void>)[] = []
  await inParallel(count, async (at) => {
    const name = `cam${at}`
    await register(address, name)
    const session = await connect(address, name, isHmac)
    grants.push(session.grant)
    sessions.push(session.close)
  })
  return {
    grants,
    close: async () => {
      await Promise.all(sessions.map((close) => close()))
    },
  }
}
