import type { AppendRecord } from '../objects/types.ts'

/** One acknowledged append, and the object in which its bytes lie (empty when it has none). */
export type UploadAppend = AppendRecord & { part: string }

/** An object that is being written, as the index keeps it: the journal of stores that have none of their own. */
export type Upload = {
  key: string
  header: string
  /** length that the object had when the journal was begun */
  baseBytes: number
  /** raised by every append and whenever the object is sealed: who knows another one knows too little */
  version: number
  /** oldest first, without gaps */
  appends: UploadAppend[]
}

/** What an instance learns of the uploads that it has in its hands. */
export type HeldUpload = { key: string; version: number; isSuperseded: boolean }

/**
 * Journals and locks of objects that several instances may append to. There are two locks. An append counts only when the
 * version is the one that its instance has seen (compare-and-set), so of two at one offset one is refused. Each upload
 * has an owner, the instance that saw it last: it alone closes the object, and while it does nobody can append. An owner
 * that has not been heard of for a while has lost all it had.
 */
export type UploadStore = {
  /** This instance is there, for as long as it says; `false`: it was taken for dead meanwhile. */
  alive(instance: string, forMs: number): Promise<boolean>
  /** Instances that are there. */
  instances(): Promise<string[]>
  /** An instance ends: what it had may be taken at once. */
  leave(instance: string): Promise<void>

  /** An upload as it is, for reading. */
  upload(key: string): Promise<Upload | undefined>
  /** Takes an upload over; `busy` while another instance is closing it. */
  take(key: string, instance: string): Promise<Upload | 'busy' | undefined>
  /** Begins an upload unless there is one, and takes it. */
  begin(key: string, instance: string, header: string, baseBytes: number): Promise<Upload | 'busy'>
  /** Adds an append to the upload of that version; `false` when it has another one by now. */
  append(key: string, version: number, instance: string, append: UploadAppend): Promise<boolean>
  /** From now on nothing can be appended; `false` when another instance has it or has appended. */
  seal(key: string, version: number, instance: string): Promise<boolean>
  /** Ends a sealed upload: its object stands for itself. */
  settle(key: string, instance: string): Promise<void>
  /** Uploads whose owner is gone, taken over. */
  takeAbandoned(instance: string): Promise<Upload[]>
  /** Uploads whose owner an instance is. */
  held(instance: string): Promise<HeldUpload[]>
  /** Marks what stands under a prefix before a key: its device has begun the next one. */
  supersede(prefix: string, beforeKey: string): Promise<void>
  drop(key: string): Promise<void>
  dropUnder(prefix: string): Promise<void>

  /** Whether this instance is the one that does a job of which there is one for all. */
  holdJob(job: string, instance: string): Promise<boolean>
}
