import type { Clock, Timer } from '../clock.ts'
import {
  type iv_cs_upload_info_s,
  type iv_cs_upload_slice_info_s,
  iv_cs_upload_state_e,
  MAX_UPLOAD_INFO_NUM,
} from '../types.ts'
import type { SliceResult } from '../upload/slice-work.ts'

/** Results wait so long for others to be told of with them. */
const BATCH_MS = 1000

/** One slice's result as the notice has it. Times are those of its first and last picture. */
export const sliceInfoOf = (result: SliceResult): iv_cs_upload_slice_info_s => {
  const { slice, totalBytes, uploadedBytes, whole } = result
  return {
    utc_sec_a: Math.floor(slice.utcMsA / 1000),
    utc_sec_b: Math.floor(slice.utcMsB / 1000),
    pts_ms_a: slice.ptsMsA,
    pts_ms_b: slice.ptsMsB,
    frame_seq_a: slice.seqA,
    frame_seq_b: slice.seqB,
    upload_size: uploadedBytes,
    total_size: totalBytes,
    state: whole ? iv_cs_upload_state_e.IV_CS_UPLOAD_OK : iv_cs_upload_state_e.IV_CS_UPLOAD_ERR,
  }
}

/** Gathers results into notices of up to ten. */
export class SliceReports {
  readonly #clock: Clock
  readonly #tell: (info: iv_cs_upload_info_s) => void
  #waiting: iv_cs_upload_slice_info_s[] = []
  #timer: Timer | undefined

  constructor(clock: Clock, tell: (info: iv_cs_upload_info_s) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  add(info: iv_cs_upload_slice_info_s): void {
    this.#waiting.push(info)
    if (this.#waiting.length === MAX_UPLOAD_INFO_NUM) this.flush()
    else this.#timer ??= this.#clock.after(BATCH_MS, () => this.flush())
  }

  /** Tells of what waits now. */
  flush(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    const slice_info = this.#waiting
    this.#waiting = []
    if (slice_info.length > 0) this.#tell({ slice_info, num: slice_info.length })
  }
}
