/** The specification's functions by their own names, on one device and one cloud storage module per process. */

import type { LastError } from './channel/channel.ts'
import type { ChannelStats } from './channel/stats.ts'
import { CloudStorage } from './cloud-storage.ts'
import { System } from './system.ts'
import type { SystemOptions } from './system-options.ts'
import type {
  iv_cm_aenc_pack_s,
  iv_cm_stream_type_e,
  iv_cm_venc_pack_s,
  iv_cs_balance_info_s,
  iv_cs_init_parm_s,
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

/** Why the last call about this channel failed. */
export const lastError = (channel: number): LastError => storage.lastError(channel)
/** Bytes that can be pushed now. */
export const room = (channel: number): number => storage.room(channel)
/** Resolves when at least half of the channel's buffer is free. */
export const drained = (channel: number): Promise<void> => storage.drained(channel)
/** Counters of a channel, undefined before initCs. */
export const stats = (channel: number): ChannelStats | undefined => storage.stats(channel)
