import type { NewObject, ObjectStore } from '../store/objects/types.ts'

/** Links of a store are good for as long as a download may wait to begin. */
const PRESIGNED_S = 3600
const TYPE = 'video/mp4'

/** A product has at most ten characters, so this is no device's folder. */
export const EXPORTS_FOLDER = 'exported-files'

export const exportObjectKey = (id: string): string => `${EXPORTS_FOLDER}/${id}.mp4`

/** A store that can be written in this way. */
export type FileStore = ObjectStore & Required<Pick<ObjectStore, 'create'>>

export const isFileStore = (store: ObjectStore): store is FileStore => store.create !== undefined

/** Files of exports, in the object store: any instance reads what one has written. */
export class ExportFiles {
  constructor(private readonly store: FileStore) {}

  create(id: string, bytes: number): Promise<NewObject> {
    return this.store.create(exportObjectKey(id), bytes)
  }

  /** Drops what a killed instance left of a file that nobody is going to write. */
  async discard(id: string): Promise<void> {
    await (await this.create(id, 0)).abort()
  }

  size(id: string): Promise<number | undefined> {
    return this.store.size(exportObjectKey(id))
  }

  /** A URL of the store by which it can be fetched under that name; undefined when it is read from here. */
  url(id: string, bytes: number, fileName: string): Promise<string | undefined> {
    const options = { bytes, seconds: PRESIGNED_S, type: TYPE, fileName }
    return this.store.presign(exportObjectKey(id), options)
  }

  /** Bytes `start` to `end`: a blob where there is a file, since Bun sends the length of those, and of streams not. */
  async read(id: string, start: number, end: number): Promise<Blob | ReadableStream<Uint8Array>> {
    const key = exportObjectKey(id)
    const file = await this.store.file?.(key)
    return file?.slice(start, end) ?? this.store.read(key, start, end)
  }

  delete(id: string): Promise<void> {
    return this.store.delete(exportObjectKey(id))
  }
}
