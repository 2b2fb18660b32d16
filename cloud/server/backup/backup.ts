import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIGRATIONS } from '../store/index/migrations.ts'
import type { IndexStore } from '../store/index/types.ts'
import { indexedObjects } from '../store/indexed-objects.ts'
import type { ObjectStore } from '../store/objects/types.ts'
import { dumpTable, tablesOf } from './tables.ts'
import { TAR_END, tarHeader, tarPadding } from './tar.ts'

export const BACKUP_VERSION = 1
export const MANIFEST = 'manifest.json'
/** The last file of a backup, as `sha256sum -c` reads it: without it the backup is not whole. */
export const CHECKSUMS = 'SHA256SUMS'
/** What the data folder holds besides recordings and index. */
export const SECRET_FILES = ['admin-token', 'viewer-token', 'signing-key'] as const

export type BackupParts = {
  index: IndexStore
  objects: ObjectStore
  /** data folder; its tokens and keys are saved */
  folder: string
  now: () => number
}

export type BackupReport = { rows: number; objects: number; bytes: number; missing: string[] }

type Writer = (chunk: Uint8Array) => Promise<void>

class Archive {
  readonly #sums: string[] = []

  constructor(
    private readonly write: Writer,
    private readonly mtimeS: number,
  ) {}

  async file(path: string, content: string | Uint8Array): Promise<void> {
    const data = typeof content === 'string' ? Buffer.from(content) : content
    await this.stream(path, data.length, [data])
  }

  /** Of a length that is known before. */
  async stream(
    path: string,
    bytes: number,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<void> {
    await this.write(tarHeader(path, bytes, this.mtimeS))
    const hash = createHash('sha256')
    let done = 0
    for await (const chunk of chunks) {
      done += chunk.length
      hash.update(chunk)
      await this.write(chunk)
    }
    if (done !== bytes) throw new Error(`${path} has ${done} bytes, not ${bytes}`)
    await this.write(tarPadding(bytes))
    this.#sums.push(`${hash.digest('hex')}  ${path}\n`)
  }

  async end(): Promise<void> {
    const sums = Buffer.from(this.#sums.join(''))
    await this.write(tarHeader(CHECKSUMS, sums.length, this.mtimeS))
    await this.write(sums)
    await this.write(tarPadding(sums.length))
    await this.write(TAR_END)
  }
}

/**
 * Writes a backup, a tar of index (JSON lines, any PostgreSQL takes them), objects, tokens and checksums. The index is of one moment; what
 * is being recorded then is not in it. An object that is deleted meanwhile is named as missing and shows as
 * lost after a restore.
 */
export const writeBackup = async (parts: BackupParts, write: Writer): Promise<BackupReport> => {
  const { index, objects, folder, now } = parts
  const archive = new Archive(write, Math.floor(now() / 1000))
  const report: BackupReport = { rows: 0, objects: 0, bytes: 0, missing: [] }
  await archive.file(
    MANIFEST,
    `${JSON.stringify({ version: BACKUP_VERSION, schema: MIGRATIONS.length, createdMs: now() })}\n`,
  )
  for (const name of SECRET_FILES) {
    const path = join(folder, name)
    if (existsSync(path)) await archive.file(`secrets/${name}`, readFileSync(path))
  }
  await index.db.transaction(
    async (tx) => {
      for (const table of await tablesOf(tx)) {
        let part = 0
        for await (const lines of dumpTable(tx, table)) {
          report.rows += lines.split('\n').length - 1
          await archive.file(`index/${table}/${String(part++).padStart(6, '0')}.jsonl`, lines)
        }
      }
    },
    { isolationLevel: 'repeatable read' },
  )
  for await (const { key, bytes } of indexedObjects(index.db)) {
    if (((await objects.size(key)) ?? -1) < bytes) {
      report.missing.push(key)
      continue
    }
    await archive.stream(`objects/${key}`, bytes, objects.read(key, 0, bytes))
    report.objects++
    report.bytes += bytes
  }
  await archive.end()
  return report
}
