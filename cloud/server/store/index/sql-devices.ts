import { and, eq, sql } from 'drizzle-orm'
import type { Device, DeviceChange, DeviceStore, NewDevice } from './device-store.ts'
import { devices, events, pins, shares, slices } from './schema.ts'
import type { SqlDatabase } from './sql.ts'

/** Devices in SQL. */
export const sqlDevices = (db: SqlDatabase): DeviceStore => ({
  async createDevice(device: NewDevice): Promise<Device | undefined> {
    const clientId = `${device.productId}${device.deviceName}`
    const query = db.insert(devices).values({ ...device, clientId })
    const [row] = await query.onConflictDoNothing().returning()
    return row
  },

  devices(): Promise<Device[]> {
    return db.select().from(devices).orderBy(devices.productId, devices.deviceName)
  },

  async device(productId: string, deviceName: string): Promise<Device | undefined> {
    const named = and(eq(devices.productId, productId), eq(devices.deviceName, deviceName))
    return (await db.select().from(devices).where(named))[0]
  },

  async deviceById(deviceId: number): Promise<Device | undefined> {
    return (await db.select().from(devices).where(eq(devices.id, deviceId)))[0]
  },

  async deviceByClientId(clientId: string): Promise<Device | undefined> {
    return (await db.select().from(devices).where(eq(devices.clientId, clientId)))[0]
  },

  async rotateSecret(deviceId: number, secret: string): Promise<Device | undefined> {
    const query = db.update(devices).set({ secret, epoch: sql`${devices.epoch} + 1` })
    return (await query.where(eq(devices.id, deviceId)).returning())[0]
  },

  async changeDevice(deviceId: number, change: DeviceChange): Promise<Device | undefined> {
    const wanted = eq(devices.id, deviceId)
    if (Object.keys(change).length === 0) return (await db.select().from(devices).where(wanted))[0]
    return (await db.update(devices).set(change).where(wanted).returning())[0]
  },

  async setLastSeen(seen: ReadonlyMap<number, number>): Promise<void> {
    if (seen.size === 0) return
    // one statement for a whole fleet
    const rows = JSON.stringify([...seen])
    await db.execute(sql`
      update devices set last_seen_ms = (seen.value ->> 1)::bigint
      from json_array_elements(${rows}::json) as seen (value)
      where devices.id = (seen.value ->> 0)::integer`)
  },

  async deleteDevice(deviceId: number): Promise<void> {
    await db.delete(devices).where(eq(devices.id, deviceId))
  },

  async markDestroyed(deviceId: number, nowMs: number): Promise<void> {
    await db.update(devices).set({ destroyedMs: nowMs }).where(eq(devices.id, deviceId))
  },

  async deleteRecordings(deviceId: number): Promise<void> {
    await db.transaction(async (tx) => {
      await tx.delete(slices).where(eq(slices.deviceId, deviceId))
      await tx.delete(events).where(eq(events.deviceId, deviceId))
      await tx.delete(pins).where(eq(pins.deviceId, deviceId))
      await tx.delete(shares).where(eq(shares.deviceId, deviceId))
    })
  },
})
