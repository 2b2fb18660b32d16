import { randomBytes } from 'node:crypto'
import { NO_PLAN } from './plan.ts'
import { deviceKey } from './slice.ts'
import type { Device, IndexStore, Plan } from './store/index/types.ts'

/**
 * How long a device or plan read from the index is believed. Every append asks for both; another instance's change is
 * seen after this long at the latest, one's own at once.
 */
const CACHE_MS = 3000
const SECRET_BYTES = 32

type Cached<T> = { value: T; untilMs: number }

/** Devices, their secrets and their plans. */
export class Registry {
  readonly #devices = new Map<string, Cached<Device | undefined>>()
  readonly #plans = new Map<string, Cached<Plan>>()

  constructor(
    private readonly index: IndexStore,
    private readonly now: () => number,
  ) {}

  get nowMs(): number {
    return this.now()
  }

  async #cached<T>(cache: Map<string, Cached<T>>, key: string, read: () => Promise<T>): Promise<T> {
    const hit = cache.get(key)
    if (hit && hit.untilMs > this.now()) return hit.value
    const value = await read()
    cache.set(key, { value, untilMs: this.now() + CACHE_MS })
    return value
  }

  /** undefined when the name, or the MQTT client id that follows from it, is taken. */
  async create(given: {
    productId: string
    deviceName: string
    secret?: string | undefined
    label?: string | undefined
  }): Promise<Device | undefined> {
    const device = await this.index.createDevice({
      productId: given.productId,
      deviceName: given.deviceName,
      secret: given.secret ?? newSecret(),
      label: given.label ?? '',
      createdMs: this.now(),
    })
    this.#devices.clear()
    return device
  }

  device(productId: string, deviceName: string): Promise<Device | undefined> {
    return this.#cached(this.#devices, deviceKey({ productId, deviceName }), () =>
      this.index.device(productId, deviceName),
    )
  }

  /** Not cached: it is asked once per connection, and a refused login must not work from memory. */
  deviceByClientId(clientId: string): Promise<Device | undefined> {
    return this.index.deviceByClientId(clientId)
  }

  async rotateSecret(device: Device, secret?: string): Promise<Device | undefined> {
    const rotated = await this.index.rotateSecret(device.id, secret ?? newSecret())
    this.#devices.delete(deviceKey(device))
    return rotated
  }

  async delete(device: Device): Promise<void> {
    await this.index.deleteDevice(device.id)
    this.#devices.delete(deviceKey(device))
    this.#plans.clear()
  }

  /** Upload tokens that were given before this are void. */
  async markDestroyed(device: Device): Promise<void> {
    await this.index.markDestroyed(device.id, this.now())
    this.#devices.delete(deviceKey(device))
  }

  plan(device: Device, channel: number): Promise<Plan> {
    return this.#cached(
      this.#plans,
      `${device.id}/${channel}`,
      async () => (await this.index.plan(device.id, channel)) ?? NO_PLAN,
    )
  }

  async setPlan(device: Device, channel: number, plan: Plan): Promise<void> {
    await this.index.setPlan(device.id, channel, plan)
    this.#plans.delete(`${device.id}/${channel}`)
  }
}

/** Canonical base64, as consoles hand it out: both sides then use the decoded bytes as the key. */
const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64')
