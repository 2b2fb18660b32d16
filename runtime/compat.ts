/** The specification's functions by their own names, on one device and one cloud storage module per process. */

import type { CaptureQueue } from './capture/layout.ts'
import type { ReservedFrame } from './capture/reserved-frame.ts'
import type { LastError } from './channel/last-error.ts'
import type { ChannelStats } from './channel/stats.ts'
import { CloudStorage } from './cloud-storage.ts'
import type { SystemStats } from './metrics/system-metrics.ts'
import type { Loss } from './mqtt/messages.ts'
import { System } from './system.ts'
import type { SystemOptions } from './system-options.ts'
import type {
  iv_cm_aenc_pack_s,
  iv_cm_stream_type_e,
  iv_cm_venc_pack_s,
  iv_cs_ai_process_s,
  iv_cs_ai_type_e,
  iv_cs_balance_info_s,
  iv_cs_init_parm_s,
  iv_cs_up_bk_state_e,
} from './types.ts'

const system = new System()
const storage = new CloudStorage(system)

export const sysInit = (options: SystemOptions): Promise<number> => system.init(options)
export const sysExit = (): Promise<number> => system.exit()
export const initCs = (parameters: iv_cs_init_parm_s): Promise<number> => storage.initCs(parameters)
export const exitCs = (): Promise<number> => storage.exitCs()
export const pushCsStream = (
  channel: number,
  type: iv_cm_stream_type_e,
  pack: iv_cm_venc_pack_s | iv_cm_aenc_pack_s,
): number => storage.pushCsStream(channel, type, pack)
export const reserveCsFrame = (channel: number, length: number, frame: ReservedFrame): number =>
  storage.reserveCsFrame(channel, length, frame)
/** What is missing of a channel, or of all, and why: not of the specification. */
export const losses = (channel?: number): Loss[] => storage.losses(channel)
export const setCsTransTime = (upload_timeout_ms: number, reply_timeout_ms: number): number =>
  storage.setCsTransTime(upload_timeout_ms, reply_timeout_ms)

export function getCsBalanceInfo(channel: number, info: iv_cs_balance_info_s, timeout_s: 0): number
export function getCsBalanceInfo(
  channel: number,
  info: iv_cs_balance_info_s,
  timeout_s: number,
): number | Promise<number>
export function getCsBalanceInfo(
  channel: number,
  info: iv_cs_balance_info_s,
  timeout_s: number,
): number | Promise<number> {
  return storage.getCsBalanceInfo(channel, info, timeout_s)
}

export const startCsEvent = (channel: number, event_id: number, info?: string | null): number =>
  storage.startCsEvent(channel, event_id, info)
export const stopCsEvent = (channel: number, event_id: number, info?: string | null): number =>
  storage.stopCsEvent(channel, event_id, info)
export const startCsEventExt = (
  channel: number,
  event_id: number,
  info: string | null | undefined,
  event_start_time_s: number,
  stream_start_time_s: number,
): number =>
  storage.startCsEventExt(channel, event_id, info, event_start_time_s, stream_start_time_s)
export const stopCsEventExt = (
  channel: number,
  event_id: number,
  info: string | null | undefined,
  event_stop_time_s: number,
  stream_stop_time_s: number,
): number => storage.stopCsEventExt(channel, event_id, info, event_stop_time_s, stream_stop_time_s)
export const reportCsEventDirectly = (
  channel: number,
  event_id: number,
  info: string | null | undefined,
  event_time_s: number,
  pic_addr?: Uint8Array | null,
  pic_len?: number,
): Promise<number> =>
  storage.reportCsEventDirectly(channel, event_id, info, event_time_s, pic_addr, pic_len)
export const setCsAiProcess = (
  channel: number,
  event_id: number,
  ai_type: iv_cs_ai_type_e,
  args?: unknown,
): number => storage.setCsAiProcess(channel, event_id, ai_type, args)
export const getCsAiProcess = (
  channel: number,
  event_id: number,
  process: iv_cs_ai_process_s,
  args?: unknown,
): number => storage.getCsAiProcess(channel, event_id, process, args)
export const destroyCsResource = (timeout_ms: number): Promise<number> =>
  storage.destroyCsResource(timeout_ms)

export const uploadCsBackupVideo = (
  channel: number,
  state: iv_cs_up_bk_state_e,
  file_name: string,
  buf?: Uint8Array | null,
  len?: number,
): Promise<number> => storage.uploadCsBackupVideo(channel, state, file_name, buf, len)

/** Where a Worker writes frames of a channel that has capture_queue_bytes. */
export const captureQueue = (channel: number): CaptureQueue | undefined =>
  storage.captureQueue(channel)
/** Why the last call about this channel failed. */
export const lastError = (channel: number): LastError => storage.lastError(channel)
/** Bytes that can be pushed now. */
export const room = (channel: number): number => storage.room(channel)
/** Resolves when at least half of the channel's buffer is free. */
export const drained = (channel: number): Promise<void> => storage.drained(channel)
/** Counters of a channel, undefined before initCs. */
export const stats = (channel: number): ChannelStats | undefined => storage.stats(channel)
export const systemStats = (): SystemStats => system.stats()
export const openMetrics = (): string => storage.openMetrics()
