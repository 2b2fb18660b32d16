export const EXPORT_STATES = ['running', 'done', 'failed', 'cancelled'] as const
export type ExportState = (typeof EXPORT_STATES)[number]

/** A range that is being written, or was written, as one MP4 file. */
export type ExportJob = {
  id: string
  deviceId: number
  channel: number
  startMs: number
  endMs: number
  state: ExportState
  /** 0 to 1 */
  progress: number
  bytes: number
  /** of the file; 0 until it is done */
  durationMs: number
  /** why it failed; empty otherwise */
  reason: string
  createdMs: number
  createdBy: string
  /** its file is deleted then; 0 until it is over */
  expiresMs: number
}

export type ExportProgress = Pick<ExportJob, 'progress' | 'bytes'>
export type ExportEnd = Pick<ExportJob, 'state' | 'expiresMs'> &
  Partial<Pick<ExportJob, 'progress' | 'bytes' | 'durationMs' | 'reason'>>

/**
 * Exports in the index, which is their queue as well: an instance takes a job for a while and says again and again that it is
 * at it; of one that was killed others take what it had. Every call may be repeated.
 */
export type ExportStore = {
  put(job: ExportJob): Promise<void>
  job(id: string): Promise<ExportJob | undefined>
  /** newest first */
  list(): Promise<ExportJob[]>
  /** The oldest job that nobody is at, and how often one has been taken with this time; it begins anew. */
  take(owner: string, forMs: number): Promise<{ job: ExportJob; attempts: number } | undefined>
  /** An instance is still at a job, and so far; false when the job is not its any more. */
  hold(id: string, owner: string, forMs: number, progress: ExportProgress): Promise<boolean>
  /** An instance ends: others may take the job at once, and it does not count as an attempt. */
  giveBack(id: string, owner: string): Promise<void>
  /** Nobody is at any job: of a server that is alone, when it starts. */
  releaseAll(): Promise<void>
  /** Ends a job that runs; false when it does not, or is not that owner's any more. */
  end(id: string, end: ExportEnd, owner?: string): Promise<boolean>
  /** ranges of a channel that are being exported */
  running(deviceId: number, channel: number): Promise<ExportJob[]>
  delete(id: string): Promise<void>
}
