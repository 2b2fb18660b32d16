/** What tests ask of a cloud over HTTP. */
export type CloudAddress = { httpUrl: string; mqttUrl: string; adminToken: string }

export const call = (
  cloud: CloudAddress,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> =>
  fetch(`${cloud.httpUrl}${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${cloud.adminToken}`,
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })

const json = async <T>(response: Response): Promise<T> => {
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** Registers a device with a full-time plan on a channel. */
export const register = async (
  cloud: CloudAddress,
  deviceName: string,
  channel = 0,
  plan: object = { type: 'full', days: 7 },
) => {
  const productId = 'TEST'
  const { deviceSecret } = await json<{ deviceSecret: string }>(
    await call(cloud, 'POST', '/api/devices', { productId, deviceName }),
  )
  await json(
    await call(
      cloud,
      'PUT',
      `/api/devices/${productId}/${deviceName}/channels/${channel}/plan`,
      plan,
    ),
  )
  return { productId, deviceName, deviceSecret, cloudUrl: cloud.mqttUrl }
}

export type CloudSlice = {
  id: string
  state: string
  bytes: number
  startMs: number
  endMs: number
  frames: number | null
  reason: string | null
  url: string
}

type Target = { productId: string; deviceName: string }

const DAY_MS = 86_400_000

/** A device's slices in the order of their numbers. */
export const slicesOf = async (
  cloud: CloudAddress,
  { productId, deviceName }: Target,
  channel = 0,
): Promise<CloudSlice[]> => {
  const range = `from=${Date.now() - DAY_MS / 2}&to=${Date.now() + DAY_MS / 2}`
  const path = `/api/devices/${productId}/${deviceName}/channels/${channel}/slices?${range}`
  const { slices } = await json<{ slices: CloudSlice[] }>(await call(cloud, 'GET', path))
  return slices.sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** All of a device's slices, one behind the other. */
export const download = async (
  cloud: CloudAddress,
  slices: readonly CloudSlice[],
): Promise<Buffer> => {
  const files: Buffer[] = []
  for (const { url } of slices) {
    const response = await call(cloud, 'GET', url)
    if (!response.ok) throw new Error(`${url}: ${response.status}`)
    files.push(Buffer.from(await response.arrayBuffer()))
  }
  return Buffer.concat(files)
}
