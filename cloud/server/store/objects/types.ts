/** What is known of one acknowledged append: where it lies, its SHA-256, and the note that came with it. */
export type AppendRecord = { offset: number; bytes: number; sha256: string; note: string }

/** An object that is being written. Calls on one object must not overlap. */
export type GrowingObject = {
  readonly bytes: number
  /**
   * Appends bytes and remembers the note. When this resolves both survive a kill of the process; a sync follows within
   * a second. When it rejects nothing was appended.
   */
  append(data: Uint8Array, sha256: string, note: string): Promise<void>
  /** What was appended is on the disk when this resolves. */
  sync(): Promise<void>
  /** Frees what an open object costs. It can be opened again. */
  close(): Promise<void>
}

/** An object whose notes the index has not taken over yet: what a restart finds. */
export type UnsettledObject = {
  key: string
  header: string
  bytes: number
  /** the appends since `baseBytes`, oldest first, each checked against its SHA-256 */
  appends: AppendRecord[]
  baseBytes: number
}

/** No room: the disk is full, or less is free than the floor allows. */
export class StorageFullError extends Error {}

/** Another process has appended to this object since, or has closed it: what is known of it here is too old. */
export class OutdatedObjectError extends Error {
  constructor(key: string) {
    super(`${key} has been written by another instance`)
  }
}

/** Another process is making this object whole and nothing can be appended until it is done: in a moment. */
export class ObjectBusyError extends Error {
  constructor(key: string) {
    super(`${key} is being closed by another instance`)
  }
}

/** What came and went since the last time, between instances that work on the same store. */
export type Passing = {
  /** keys that another instance has taken over from this one */
  lost: string[]
  /** what instances that are gone have left; this one has it now */
  found: UnsettledObject[]
  /** keys here whose device has begun the next object at another instance */
  superseded: string[]
}

/** What of a new object may be written again until it is whole: the head of a file is known last. */
export const REWRITABLE_BYTES = 8 * 1024 * 1024

/** A large object that is being written: there as a whole, or not at all. Calls must not overlap. */
export type NewObject = {
  /** @param position the end of what was written, or a place among the first `REWRITABLE_BYTES`, also behind that end */
  write(data: Uint8Array, position: number): Promise<void>
  /** It is there, on the disk, when this resolves. */
  commit(): Promise<void>
  /** Nothing of it stays. */
  abort(): Promise<void>
}

/**
 * Objects that grow by appends and are then read by byte ranges. Embedded: files; grows into an S3-compatible store.
 * A key is a relative path of safe segments; anything else throws.
 */
export type ObjectStore = {
  /** other processes work on the same objects */
  readonly isShared: boolean
  /** what they call this one */
  readonly instance?: string
  /** Appends that come faster than this are answered late, unless they are large; 0: each at once. */
  readonly appendIntervalMs: number
  /**
   * Opens an object to append to it, making it if absent. `header` is remembered until the object is settled; for an
   * object that is there and unsettled the old header stays.
   */
  grow(key: string, header: string): Promise<GrowingObject>
  /** Objects whose notes are still kept, repaired: bytes that no whole append accounts for are cut off. */
  unsettled(): AsyncIterable<UnsettledObject>
  /** An object that another process has begun, taken over as it stands; undefined when there is none. */
  resume(key: string): Promise<UnsettledObject | undefined>
  passing(): Promise<Passing>
  /** Tells the other instances that what stands under a prefix before a key is followed by that. */
  supersede(prefix: string, beforeKey: string): Promise<void>
  /** The index has what the notes said: they are forgotten, the object stays. */
  settle(key: string): Promise<void>
  /** Writes a whole object, or replaces it; it is on the disk when this resolves. */
  put(key: string, data: Uint8Array): Promise<void>
  /**
   * Begins a whole object of about that many bytes, in place of what an attempt left that was killed. Absent: the store is
   * only read.
   */
  create?(key: string, bytes: number): Promise<NewObject>
  /** Bytes `start` to `end` (exclusive) of an object that has at least that many. */
  read(key: string, start: number, end: number): ReadableStream<Uint8Array>
  /**
   * Length, or undefined when there is no such object.
   * @param enough a length that was read before is good enough when it is at least this
   */
  size(key: string, enough?: number): Promise<number | undefined>
  /**
   * A URL by which anyone can read an object of at least that many bytes for a while; undefined when it must be read
   * from here.
   */
  presign(
    key: string,
    options: { bytes: number; seconds: number; type: string; fileName?: string },
  ): Promise<string | undefined>
  /** An object as a file that is read as it is sent; absent: there are no files. */
  file?(key: string): Promise<Blob>
  delete(key: string): Promise<void>
  /** Deletes every object whose key starts with these segments. */
  deleteUnder(prefix: string): Promise<void>
  /** All objects, in no particular order; absent when the store cannot tell. */
  list?(): AsyncIterable<ListedObject>
  /** Syncs and closes everything. */
  close(): Promise<void>
}

export type ListedObject = { key: string; bytes: number; changedMs: number }

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/

/** Throws unless every segment is a plain name: no `..`, no empty segment, no separator of any system. */
export const checkKey = (key: string): string => {
  for (const segment of key.split('/'))
    if (!SEGMENT.test(segment)) throw new Error(`not an object key: ${JSON.stringify(key)}`)
  return key
}
