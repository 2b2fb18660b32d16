import { createHash } from 'node:crypto'
import { objectKey, parseIndexKey, parseObjectKey, type SliceManifest } from '../contract.ts'
import { type BucketPath, type BucketReader, type BucketSource, sourceOf } from './reader.ts'

export type AuditFinding = {
  kind: 'missing' | 'size' | 'hash' | 'orphan' | 'index'
  key: string
  detail: string
}

export type AuditReport = {
  slices: number
  objects: number
  bytes: number
  findings: AuditFinding[]
}

const bodyHash = async (
  reader: BucketReader,
  source: BucketSource,
  key: string,
): Promise<string | undefined> => {
  const bytes = await reader.client(source).getWhole(key)
  return bytes && createHash('sha256').update(bytes).digest('hex')
}

/**
 * Compares what the indexes of a bucket name with what is there: objects that are missing, or have another size or SHA-256; objects that no index names
 * (their slice was broken off; they are played nevertheless); indexes that cannot be read.
 */
export const audit = async (
  reader: BucketReader,
  { readsAll = false }: { readsAll?: boolean } = {},
): Promise<AuditReport> => {
  const report: AuditReport = { slices: 0, objects: 0, bytes: 0, findings: [] }
  const paths = new Map<string, BucketPath>()
  for (const source of reader.sources)
    for (const path of await reader.channels(source)) paths.set(path.base, path)
  for (const path of paths.values()) {
    const days = new Set<string>()
    for (const source of reader.sources)
      for (const day of await reader.days(source, path)) days.add(day)
    for (const day of [...days].sort()) await auditDay(reader, path, day, readsAll, report)
  }
  return report
}

const auditDay = async (
  reader: BucketReader,
  path: BucketPath,
  day: string,
  readsAll: boolean,
  report: AuditReport,
): Promise<void> => {
  const there = new Map<string, number>()
  const manifests = new Map<string, SliceManifest>()
  for (const source of reader.sources)
    for await (const { key, bytes } of reader.objects(source, `${path.base}/${day}/`)) {
      if (parseObjectKey(key)) there.set(`${source} ${key}`, bytes)
      else if (parseIndexKey(key)) {
        const found = await reader.manifests(source, key)
        if (found.length === 0)
          report.findings.push({ kind: 'index', key, detail: 'it is no index that can be read' })
        for (const manifest of found) manifests.set(manifest.start.id, manifest)
      }
    }
  for (const { start, objects } of manifests.values()) {
    report.slices++
    for (const object of objects) {
      const key = objectKey(path.base, start, object.o)
      const source = sourceOf(object)
      const bytes = there.get(`${source} ${key}`)
      there.delete(`${source} ${key}`)
      report.objects++
      report.bytes += object.b
      const fault = (kind: AuditFinding['kind'], detail: string) =>
        report.findings.push({ kind, key, detail })
      if (bytes === undefined) fault('missing', 'the index names it')
      else if (bytes !== object.b) fault('size', `${bytes} bytes, the index says ${object.b}`)
      else if (readsAll) {
        const hash = await bodyHash(reader, source, key)
        if (hash !== object.h)
          fault('hash', `SHA-256 ${hash ?? 'unknown'}, the index says ${object.h}`)
      }
    }
  }
  for (const [name] of there)
    report.findings.push({
      kind: 'orphan',
      key: name.slice(2),
      detail: 'no index names it: its slice is being recorded, or was broken off',
    })
}

/** Prints a report. Exit code 1 when something that was recorded is not there as it was. */
export const printAudit = ({ slices, objects, bytes, findings }: AuditReport): number => {
  for (const { kind, key, detail } of findings) console.log(`${kind.padEnd(8)} ${key}: ${detail}`)
  const count = findings.filter(({ kind }) => kind !== 'orphan').length
  console.log(`${slices} slices, ${objects} objects, ${bytes} bytes: ${count} faults`)
  return count > 0 ? 1 : 0
}
