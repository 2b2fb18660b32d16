import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { MIGRATIONS } from '../store/index/migrations.ts'
import type { IndexStore } from '../store/index/types.ts'
import { checkKey, type ObjectStore } from '../store/objects/types.ts'
import { BACKUP_VERSION, CHECKSUMS, MANIFEST, SECRET_FILES } from './backup.ts'
import { isEmpty, loadTable, resetSequences, tablesOf } from './tables.ts'
import { parseTarHeader, TAR_BLOCK, TarError, tarBlocks } from './tar.ts'

const CHUNK_BYTES = 1024 * 1024
/** A larger object is appended to piece by piece. */
const PUT_MAX_BYTES = 32 * 1024 * 1024

const manifestSchema = z.object({ version: z.int(), schema: z.int(), createdMs: z.int() })

/** A backup that cannot be restored, and why. */
export class BackupError extends Error {}

type Entry = { path: string; bytes: number; offset: number }

async function* entriesOf(file: FileHandle): AsyncGenerator<Entry> {
  let offset = 0
  const block = Buffer.alloc(TAR_BLOCK)
  for (;;) {
    const { bytesRead } = await file.read(block, 0, TAR_BLOCK, offset)
    if (bytesRead < TAR_BLOCK)
      throw new BackupError('the file ends early: it is not a whole backup')
    const header = parseTarHeader(block)
    if (!header) return
    offset += TAR_BLOCK
    yield { ...header, offset }
    offset += tarBlocks(header.bytes)
  }
}

async function* chunksOf(file: FileHandle, { bytes, offset }: Entry): AsyncGenerator<Buffer> {
  let done = 0
  while (done < bytes) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - done))
    const { bytesRead } = await file.read(chunk, 0, chunk.length, offset + done)
    if (bytesRead === 0) throw new BackupError('the file ends early: it is not a whole backup')
    done += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}

const contentOf = async (file: FileHandle, entry: Entry): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of chunksOf(file, entry)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Reads all of it and compares each file with its checksum, before anything is restored. */
const check = async (file: FileHandle): Promise<Entry[]> => {
  const entries: Entry[] = []
  const sums = new Map<string, string>()
  let given: string | undefined
  try {
    for await (const entry of entriesOf(file)) {
      if (entry.path === CHECKSUMS) {
        given = (await contentOf(file, entry)).toString('utf8')
        continue
      }
      const hash = createHash('sha256')
      for await (const chunk of chunksOf(file, entry)) hash.update(chunk)
      sums.set(entry.path, hash.digest('hex'))
      entries.push(entry)
    }
  } catch (error) {
    throw error instanceof TarError ? new BackupError(`not a backup: ${error.message}`) : error
  }
  if (given === undefined) throw new BackupError('it has no checksums: it is not a whole backup')
  const lines = given.split('\n').filter((line) => line !== '')
  for (const line of lines) {
    const [sum, path] = line.split('  ')
    if (sums.get(path ?? '') !== sum) throw new BackupError(`${path} is damaged`)
    sums.delete(path!)
  }
  if (sums.size > 0) throw new BackupError(`${[...sums.keys()][0]} has no checksum`)
  return entries
}

const putObject = async (objects: ObjectStore, file: FileHandle, entry: Entry): Promise<void> => {
  const key = checkKey(entry.path.slice('objects/'.length))
  if (entry.bytes <= PUT_MAX_BYTES) {
    await objects.put(key, await contentOf(file, entry))
    return
  }
  const object = await objects.grow(key, '')
  for await (const chunk of chunksOf(file, entry)) {
    const sha256 = createHash('sha256').update(chunk).digest('base64')
    await object.append(chunk, sha256, '')
  }
  await object.sync()
  await object.close()
  await objects.settle(key)
}

export type RestoreReport = { createdMs: number; rows: number; objects: number; bytes: number }

/** A backup whose every byte has been checked. */
export type CheckedBackup = {
  file: FileHandle
  entries: Entry[]
  createdMs: number
  close(): Promise<void>
}

/** Opens a backup. Throws unless it is whole, undamaged and of this server or an older one. */
export const openBackup = async (path: string): Promise<CheckedBackup> => {
  const file = await open(path, 'r')
  try {
    const entries = await check(file)
    const first = entries[0]
    if (first?.path !== MANIFEST) throw new BackupError('not a backup: it has no manifest')
    const manifest = manifestSchema.safeParse(JSON.parse((await contentOf(file, first)).toString()))
    if (!manifest.success || manifest.data.version > BACKUP_VERSION)
      throw new BackupError('the backup is of a newer server: use that')
    if (manifest.data.schema > MIGRATIONS.length)
      throw new BackupError(
        `the backup has schema version ${manifest.data.schema}, this server knows ${MIGRATIONS.length}: use the newer server`,
      )
    return { file, entries, createdMs: manifest.data.createdMs, close: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Restores a backup into empty stores. */
export const restoreBackup = async (
  { file, entries, createdMs }: CheckedBackup,
  { index, objects, folder }: { index: IndexStore; objects: ObjectStore; folder: string },
): Promise<RestoreReport> => {
  const tables = await tablesOf(index.db)
  for (const table of tables)
    if (!(await isEmpty(index.db, table)))
      throw new BackupError('the index is not empty; a backup is restored into an empty one')
  const report: RestoreReport = { createdMs, rows: 0, objects: 0, bytes: 0 }
  // objects before rows: rows that are there have their objects
  for (const entry of entries)
    if (entry.path.startsWith('objects/')) {
      await putObject(objects, file, entry)
      report.objects++
      report.bytes += entry.bytes
    }
  await index.db.transaction(async (tx) => {
    for (const table of tables)
      for (const entry of entries)
        if (entry.path.startsWith(`index/${table}/`))
          report.rows += await loadTable(tx, table, (await contentOf(file, entry)).toString())
    // what was still growing has no object in the backup
    await tx.execute(sql`delete from slices where state = 'open'`)
    await resetSequences(tx, tables)
  })
  // last: a folder with a key is one that is in use
  for (const name of SECRET_FILES) {
    const entry = entries.find(({ path }) => path === `secrets/${name}`)
    if (!entry) continue
    writeFileSync(join(folder, name), await contentOf(file, entry), { mode: 0o600 })
  }
  return report
}
