import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../cli/usage-error.ts'

export type Device = { productId: string; deviceName: string; deviceSecret: string }

const PRODUCT_ID = 'DEMO'
const DEVICE_NAME = 'camera-1'
const FILE = 'demo-device.json'
const KEEP_DAYS = 7

type Cloud = { httpUrl: string; adminToken: string }
type Answer = { status: number; body: Record<string, unknown> }

const call = async (cloud: Cloud, method: string, path: string, body?: object): Promise<Answer> => {
  const response = await fetch(`${cloud.httpUrl}/api${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${cloud.adminToken}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}

const expect = (what: string, { status, body }: Answer): Record<string, unknown> => {
  if (status < 200 || status > 299)
    throw new InputError(`the cloud did not ${what}: ${status} ${JSON.stringify(body)}`)
  return body
}

const storedSecret = (path: string): string | undefined => {
  try {
    const { deviceSecret } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Device>
    return typeof deviceSecret === 'string' && deviceSecret !== '' ? deviceSecret : undefined
  } catch {
    return undefined
  }
}

/** The device that `npm start` records: registered with a full-time plan at the first start, its secret kept where only its owner can read it. */
export const demoDevice = async (cloud: Cloud, dataDir: string): Promise<Device> => {
  const file = join(dataDir, FILE)
  const path = `/devices/${PRODUCT_ID}/${DEVICE_NAME}`
  const stored = storedSecret(file)
  const known = await call(cloud, 'GET', path)
  if (known.status === 200 && stored !== undefined)
    return { productId: PRODUCT_ID, deviceName: DEVICE_NAME, deviceSecret: stored }
  const isNew = known.status === 404
  const made = isNew
    ? await call(cloud, 'POST', '/devices', {
        productId: PRODUCT_ID,
        deviceName: DEVICE_NAME,
        label: 'Demo camera',
      })
    : await call(cloud, 'POST', `${path}/secret`, {})
  const { deviceSecret } = expect('register the demo camera', made) as { deviceSecret: string }
  if (isNew) {
    const plan = { type: 'full', days: KEEP_DAYS }
    expect('set its plan', await call(cloud, 'PUT', `${path}/channels/0/plan`, plan))
  }
  const device = { productId: PRODUCT_ID, deviceName: DEVICE_NAME, deviceSecret }
  mkdirSync(dataDir, { recursive: true })
  writeFileSync(file, `${JSON.stringify(device)}\n`, { mode: 0o600 })
  return device
}
