import { randomBytes } from 'node:crypto'
import { NO_PLAN } from './plan.ts'
import { deviceKey } from './slice.ts'
import type { DeviceChange } from './store/index/device-store.ts'
import type { Device, IndexStore, Plan } from './store/index/types.ts'
import { TimedCache } from './timed-cache.ts'

/**
 * How long a device or plan read from the index is believed. Every append asks for both. One's own changes are seen at
 * once; those of other instances, where there are any, after this long at the latest.
 */
const SHARED_CACHE_MS = 3000
const CACHE_MS = 3_600_000
const SECRET_BYTES = 32

/** Devices, their secrets and their plans. */
export class Registry {
  readonly #devices: TimedCache<Device | undefined>
  readonly #plans: TimedCache<Plan>

  constructor(
    private readonly index: IndexStore,
    private readonly now: () => number,
  ) {
    const ageMs = index.isShared ? SHARED_CACHE_MS : CACHE_MS
    this.#devices = new TimedCache(ageMs, now)
    this.#plans = new TimedCache(ageMs, now)
  }

  get nowMs(): number {
    return this.now()
  }

  /** undefined when the name, or the MQTT client id that follows from it, is taken. */
  async create(given: {
    productId: string
    deviceName: string
    secret?: string | undefined
    label?: string | undefined
    timeZone?: string | undefined
  }): Promise<Device | undefined> {
    const device = await this.index.createDevice({
      productId: given.productId,
      deviceName: given.deviceName,
      secret: given.secret ?? newSecret(),
      label: given.label ?? '',
      createdMs: this.now(),
      ...(given.timeZone !== undefined && { timeZone: given.timeZone }),
    })
    this.#devices.clear()
    return device
  }

  device(productId: string, deviceName: string): Promise<Device | undefined> {
    return this.#devices.get(deviceKey({ productId, deviceName }), () =>
      this.index.device(productId, deviceName),
    )
  }

  /** Not cached: it is asked once per connection, and a refused login must not work from memory. */
  deviceByClientId(clientId: string): Promise<Device | undefined> {
    return this.index.deviceByClientId(clientId)
  }

  async rotateSecret(device: Device, secret?: string): Promise<Device | undefined> {
    const rotated = await this.index.rotateSecret(device.id, secret ?? newSecret())
    this.#devices.forget(deviceKey(device))
    return rotated
  }

  async change(device: Device, change: DeviceChange): Promise<Device | undefined> {
    const changed = await this.index.changeDevice(device.id, change)
    this.#devices.forget(deviceKey(device))
    return changed
  }

  async delete(device: Device): Promise<void> {
    await this.index.deleteDevice(device.id)
    this.#devices.forget(deviceKey(device))
    this.#plans.clear()
  }

  /** Upload tokens that were given before this are void. */
  async markDestroyed(device: Device): Promise<void> {
    await this.index.markDestroyed(device.id, this.now())
    this.#devices.forget(deviceKey(device))
  }

  plan(device: Device, channel: number): Promise<Plan> {
    return this.#plans.get(
      `${device.id}/${channel}`,
      async () => (await this.index.plan(device.id, channel)) ?? NO_PLAN,
    )
  }

  async setPlan(device: Device, channel: number, plan: Plan): Promise<void> {
    await this.index.setPlan(device.id, channel, plan)
    this.#plans.forget(`${device.id}/${channel}`)
  }
}

/** Canonical base64, as consoles hand it out: both sides then use the decoded bytes as the key. */
const newSecret = (): string => randomBytes(SECRET_BYTES).toString('base64')
