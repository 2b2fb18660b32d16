import { type SQL, sql } from 'drizzle-orm'
import type { SqlDatabase } from './sql.ts'
import type { Upload, UploadStore } from './upload-store.ts'

/** The clock of the database: those of the instances may differ. */
const NOW_MS = sql.raw('(extract(epoch from clock_timestamp()) * 1000)::bigint')

type UploadRow = { key: string; header: string; base_bytes: string | number; version: number }
type AppendRow = {
  key: string
  at: string | number
  bytes: number
  sha256: string
  note: string
  part: string
}

const isGone = (owner: SQL) =>
  sql`not exists (select 1 from instances i where i.id = ${owner} and i.until_ms > ${NOW_MS})`

/** Last segment of a key: that of a slice begins with its number, whatever folder it is in. */
const NAME = sql.raw(`substring(key from '[^/]*$')`)

/** What stands under a prefix: `/` is followed by `0`. */
const under = (prefix: string) => sql`key > ${`${prefix}/`} and key < ${`${prefix}0`}`

/** Journals and locks of uploads in SQL. */
export const sqlUploads = (db: SqlDatabase): UploadStore => {
  const rows = async <Row>(query: SQL, on: Pick<SqlDatabase, 'execute'> = db): Promise<Row[]> =>
    ((await on.execute(query)) as unknown as { rows: Row[] }).rows

  const withAppends = async (
    found: readonly UploadRow[],
    on: Pick<SqlDatabase, 'execute'> = db,
  ): Promise<Upload[]> => {
    if (found.length === 0) return []
    const keys = JSON.stringify(found.map(({ key }) => key))
    const appends = await rows<AppendRow>(
      sql`select key, at, bytes, sha256, note, part from upload_appends
        where key in (select json_array_elements_text(${keys}::json)) order by key, version`,
      on,
    )
    const uploads = new Map(
      found.map(({ key, header, base_bytes, version }): [string, Upload] => [
        key,
        { key, header, baseBytes: Number(base_bytes), version, appends: [] },
      ]),
    )
    for (const { key, at, ...append } of appends)
      uploads.get(key)?.appends.push({ offset: Number(at), ...append })
    return [...uploads.values()]
  }

  const take = (key: string, instance: string): Promise<Upload | 'busy' | undefined> =>
    db.transaction(async (tx) => {
      // what an instance sealed and did not end is open again once that instance is gone
      const taken = await rows<UploadRow>(
        sql`update uploads set owner = ${instance}, version = version + sealed::integer, sealed = false
          where key = ${key} and (not sealed or owner = ${instance} or ${isGone(sql`owner`)})
          returning key, header, base_bytes, version`,
        tx,
      )
      // in the same transaction: nobody can have appended since
      if (taken.length > 0) return (await withAppends(taken, tx))[0]
      const there = await rows(sql`select 1 from uploads where key = ${key}`, tx)
      return there.length > 0 ? 'busy' : undefined
    })

  return {
    async alive(instance, forMs) {
      const before = await rows<{ was: boolean }>(
        sql`with old as (select until_ms > ${NOW_MS} as was from instances where id = ${instance})
          insert into instances (id, until_ms) values (${instance}, ${NOW_MS} + ${forMs}::bigint)
          on conflict (id) do update set until_ms = excluded.until_ms
          returning coalesce((select was from old), true) as was`,
      )
      return before[0]?.was ?? true
    },

    async instances() {
      const found = await rows<{ id: string }>(
        sql`select id from instances where until_ms > ${NOW_MS} order by id`,
      )
      return found.map(({ id }) => id)
    },

    async leave(instance) {
      await db.execute(sql`delete from instances where id = ${instance} or until_ms < ${NOW_MS}`)
    },

    async upload(key) {
      const found = await rows<UploadRow>(
        sql`select key, header, base_bytes, version from uploads where key = ${key}`,
      )
      return (await withAppends(found))[0]
    },

    take,

    async begin(key, instance, header, baseBytes) {
      await db.execute(
        sql`insert into uploads (key, owner, header, base_bytes)
          values (${key}, ${instance}, ${header}, ${baseBytes}) on conflict (key) do nothing`,
      )
      // undefined: it has been ended between the two
      return (await take(key, instance)) ?? 'busy'
    },

    async append(key, version, instance, { offset, bytes, sha256, note, part }) {
      const added = await rows(
        sql`with counted as (
            update uploads set version = version + 1, owner = ${instance}
            where key = ${key} and version = ${version} and not sealed returning version
          )
          insert into upload_appends (key, version, at, bytes, sha256, note, part)
          select ${key}, version, ${offset}::bigint, ${bytes}::integer, ${sha256}, ${note}, ${part} from counted
          returning version`,
      )
      return added.length > 0
    },

    async seal(key, version, instance) {
      const sealed = await rows(
        sql`update uploads set sealed = true
          where key = ${key} and version = ${version} and owner = ${instance} returning key`,
      )
      return sealed.length > 0
    },

    async settle(key, instance) {
      await db.execute(
        sql`delete from uploads where key = ${key} and owner = ${instance} and sealed`,
      )
    },

    async takeAbandoned(instance) {
      return db.transaction(async (tx) => {
        const taken = await rows<UploadRow>(
          sql`update uploads set owner = ${instance}, version = version + sealed::integer, sealed = false
            where ${isGone(sql`owner`)} returning key, header, base_bytes, version`,
          tx,
        )
        return withAppends(taken, tx)
      })
    },

    async held(instance) {
      const found = await rows<{ key: string; version: number; superseded: boolean }>(
        sql`select key, version, superseded from uploads where owner = ${instance}`,
      )
      return found.map(({ superseded, ...rest }) => ({ ...rest, isSuperseded: superseded }))
    },

    async supersede(prefix, beforeKey) {
      await db.execute(
        sql`update uploads set superseded = true
          where ${under(prefix)} and ${NAME} < ${beforeKey.split('/').at(-1)} and not superseded`,
      )
    },

    async drop(key) {
      await db.execute(sql`delete from uploads where key = ${key}`)
    },

    async dropUnder(prefix) {
      await db.execute(sql`delete from uploads where ${under(prefix)}`)
    },

    async holdJob(job, instance) {
      const held = await rows(
        sql`insert into jobs as j (name, owner) values (${job}, ${instance})
          on conflict (name) do update set owner = excluded.owner
          where j.owner = excluded.owner or ${isGone(sql`j.owner`)} returning name`,
      )
      return held.length > 0
    },
  }
}
