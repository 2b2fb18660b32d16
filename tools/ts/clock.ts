import type { FaultLog } from '../check/fault-log.ts'
import { PCR_HZ, type TsPacket } from './packet.ts'
import { PTS_HZ, PTS_WRAP, ptsDifference } from './pes.ts'
import {
  LEAD_MAX_MS,
  LEAD_USUAL_MS,
  PCR_INTERVAL_GOAL_MS,
  PCR_INTERVAL_MAX_MS,
  TABLE_INTERVAL_MAX_MS,
  type TsRuleId,
} from './rules.ts'

const PCR_TICKS_PER_MS = PCR_HZ / 1000
const PCR_WRAP = PTS_WRAP * 300
const EXTENSION_MAX = 299
/** A PCR that seems to step back by more than this has wrapped or stepped forward. */
const HALF_WRAP = PCR_WRAP / 2

/** The program clock, and what is measured by it: its own spacing, the tables' spacing, how long data waits. */
export class ProgramClock {
  readonly #log: FaultLog<TsRuleId>
  #lastPcr: number | undefined
  /** ms since the first PCR, without wraps */
  #nowMs = 0
  #tableMs: Record<'pat' | 'pmt', number> = { pat: 0, pmt: 0 }
  #tableLate: Record<'pat' | 'pmt', boolean> = { pat: false, pmt: false }
  pcrPid: number | undefined
  count = 0
  maxIntervalMs = 0
  maxLeadMs = 0
  minLeadMs = Number.POSITIVE_INFINITY

  constructor(log: FaultLog<TsRuleId>) {
    this.#log = log
  }

  get nowMs(): number {
    return this.#nowMs
  }

  finish(offset: number): void {
    this.#log.expect(this.count > 0, 'pcr.present', offset, 'no PCR at all')
  }

  table(kind: 'pat' | 'pmt'): void {
    this.#tableMs[kind] = this.#nowMs
    this.#tableLate[kind] = false
  }

  packet(packet: TsPacket): void {
    const { adaptation, offset, pid } = packet
    const pcr = adaptation?.pcr
    if (adaptation === undefined || pcr === undefined) return
    const log = this.#log
    const { pcrExtension, pcrReserved } = adaptation
    log.expect(pcrReserved === 0x3f, 'pcr.reserved', offset, 'reserved bits of the PCR')
    log.expect(pcrExtension <= EXTENSION_MAX, 'pcr.extension', offset, `extension ${pcrExtension}`)
    if (
      this.pcrPid !== undefined &&
      !log.expect(pid === this.pcrPid, 'pcr.pid', offset, `PCR on PID ${pid}`)
    )
      return
    const last = this.#lastPcr
    this.#lastPcr = pcr
    this.count++
    if (last === undefined || adaptation.discontinuity) return
    const step = (pcr - last + PCR_WRAP) % PCR_WRAP
    if (
      !log.expect(
        step > 0 && step < HALF_WRAP,
        'pcr.monotone',
        offset,
        `PCR ${last} is followed by ${pcr}`,
      )
    )
      return
    const stepMs = step / PCR_TICKS_PER_MS
    this.#nowMs += stepMs
    this.maxIntervalMs = Math.max(this.maxIntervalMs, stepMs)
    const text = `${stepMs.toFixed(1)} ms since the last PCR`
    if (log.expect(stepMs <= PCR_INTERVAL_MAX_MS, 'pcr.interval', offset, text))
      log.expect(stepMs <= PCR_INTERVAL_GOAL_MS, 'pcr.goal', offset, text)
    this.#checkTables(offset)
  }

  #checkTables(offset: number): void {
    for (const kind of ['pat', 'pmt'] as const) {
      const sinceMs = this.#nowMs - this.#tableMs[kind]
      if (this.#tableLate[kind] || sinceMs <= TABLE_INTERVAL_MAX_MS) continue
      this.#tableLate[kind] = true
      this.#log.report(
        'psi.interval',
        offset,
        `${sinceMs.toFixed(0)} ms since the last ${kind.toUpperCase()}`,
      )
    }
  }

  /** A PES packet with this decoding time begins now. */
  pesStart(dts: number | undefined, offset: number): void {
    if (this.#lastPcr === undefined) {
      this.#log.report('pcr.first', offset, 'PES packet before the first PCR')
      return
    }
    if (dts === undefined) return
    const leadMs = ptsDifference(dts, Math.floor(this.#lastPcr / 300)) / (PTS_HZ / 1000)
    this.maxLeadMs = Math.max(this.maxLeadMs, leadMs)
    this.minLeadMs = Math.min(this.minLeadMs, leadMs)
    const text = `DTS is ${leadMs.toFixed(1)} ms after the PCR`
    this.#log.expect(leadMs >= 0, 'pcr.late', offset, text)
    if (this.#log.expect(leadMs <= LEAD_MAX_MS, 'pcr.lead', offset, text))
      this.#log.expect(leadMs <= LEAD_USUAL_MS, 'pcr.long-lead', offset, text)
  }
}
