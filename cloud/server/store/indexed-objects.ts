import { and, asc, eq, isNotNull, ne, sql } from 'drizzle-orm'
import { pictureObjectKey } from '../events/picture-key.ts'
import { sliceObjectKey } from '../slice.ts'
import { devices, events, slices } from './index/schema.ts'
import type { SqlDatabase } from './index/sql.ts'
import type { Slice } from './index/types.ts'

/** Rows asked for at a time. */
const ROWS = 1000

export type IndexedObject = { key: string; bytes: number }

/** Objects that the index speaks of, with the bytes that they must have: slices that are closed, and pictures of events. */
export async function* indexedObjects(db: SqlDatabase): AsyncGenerator<IndexedObject> {
  for (const device of await db.select().from(devices).orderBy(asc(devices.id))) {
    let after = { channel: -1, id: '' }
    for (;;) {
      const { channel, id, format, bytes } = slices
      const rows = await db
        .select({ channel, id, format, bytes })
        .from(slices)
        .where(
          and(
            eq(slices.deviceId, device.id),
            ne(slices.state, 'open'),
            sql`(${channel}, ${id}) > (${after.channel}, ${after.id})`,
          ),
        )
        .orderBy(asc(channel), asc(id))
        .limit(ROWS)
      for (const row of rows)
        yield {
          key: sliceObjectKey(device, { ...row, format: row.format as Slice['format'] }),
          bytes: row.bytes,
        }
      const last = rows.at(-1)
      if (!last || rows.length < ROWS) break
      after = last
    }
    for (let from = { channel: -1, key: '' }; ; ) {
      const { channel, key, pictureBytes } = events
      const rows = await db
        .select({ channel, key, pictureBytes })
        .from(events)
        .where(
          and(
            eq(events.deviceId, device.id),
            isNotNull(events.pictureType),
            sql`(${channel}, ${key}) > (${from.channel}, ${from.key})`,
          ),
        )
        .orderBy(asc(channel), asc(key))
        .limit(ROWS)
      for (const row of rows)
        yield { key: pictureObjectKey(device, row.channel, row.key), bytes: row.pictureBytes }
      const last = rows.at(-1)
      if (!last || rows.length < ROWS) break
      from = last
    }
  }
}
