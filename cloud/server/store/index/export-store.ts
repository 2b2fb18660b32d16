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
  /** a running job says that it lives */
  touchedMs: number
  /** its file is deleted then; 0 until it is over */
  expiresMs: number
}

export type ExportChange = Partial<
  Pick<
    ExportJob,
    'state' | 'progress' | 'bytes' | 'durationMs' | 'reason' | 'touchedMs' | 'expiresMs'
  >
>

/** Exports in the index. Every call may be repeated. */
export type ExportStore = {
  put(job: ExportJob): Promise<void>
  job(id: string): Promise<ExportJob | undefined>
  /** newest first */
  list(): Promise<ExportJob[]>
  /** changes a running job; false when it does not run any more */
  update(id: string, change: ExportChange): Promise<boolean>
  /** ranges of a channel that are being exported */
  running(deviceId: number, channel: number): Promise<ExportJob[]>
  delete(id: string): Promise<void>
}
