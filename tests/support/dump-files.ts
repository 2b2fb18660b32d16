import type { CloudStorage, iv_cs_init_func_cb_s } from '../../runtime/index.ts'
import { iv_cs_up_bk_state_e } from '../../runtime/index.ts'

const { CS_UP_BK_START: START, CS_UP_BK_RUNNING: RUNNING, CS_UP_BK_END: END } = iv_cs_up_bk_state_e

export type DumpFile = { bytes: Buffer; startMs: number; endMs: number }

/** An app that saves what onDumpFile hands it, as firmware does: the name comes at the end. */
export class DumpFiles {
  readonly files = new Map<string, DumpFile>()
  /** faults in the order of the calls */
  readonly faults: string[] = []
  #open: { parts: Buffer[]; startMs: number } | undefined

  readonly callback: NonNullable<iv_cs_init_func_cb_s['onDumpFile']> = (
    _,
    state,
    start_ts,
    end_ts,
    file_name,
    buf,
    len,
  ) => {
    const open = this.#open
    if (state === START) {
      if (open) this.faults.push('START inside a file')
      if (end_ts !== 0 || file_name !== null || buf !== null || len !== 0)
        this.faults.push('START with more than a time')
      this.#open = { parts: [], startMs: start_ts }
    } else if (!open || start_ts !== open.startMs) this.faults.push(`${state} outside of its file`)
    else if (state === RUNNING) {
      if (!buf || buf.length !== len || len === 0) this.faults.push('RUNNING without its data')
      else open.parts.push(Buffer.from(buf))
      if (end_ts !== 0 || file_name !== null) this.faults.push('RUNNING with a name or an end')
    } else {
      if (buf !== null || len !== 0 || !file_name || end_ts < start_ts) this.faults.push('END')
      else
        this.files.set(file_name, {
          bytes: Buffer.concat(open.parts),
          startMs: open.startMs,
          endMs: end_ts,
        })
      this.#open = undefined
    }
    return 0
  }

  /** All files, one behind the other. */
  get bytes(): Buffer {
    const names = [...this.files.keys()].sort()
    return Buffer.concat(names.map((name) => this.files.get(name)!.bytes))
  }

  /** Sends a file as the specification says. @returns the first code that is not 0 */
  async send(
    storage: CloudStorage,
    channel: number,
    name: string,
    pieceBytes = 50_000,
  ): Promise<number> {
    const { bytes } = this.files.get(name)!
    const started = await storage.uploadCsBackupVideo(channel, START, name, null, 0)
    if (started !== 0) return started
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.subarray(at, at + pieceBytes)
      const code = await storage.uploadCsBackupVideo(channel, RUNNING, name, piece, piece.length)
      if (code !== 0) return code
    }
    return await storage.uploadCsBackupVideo(channel, END, name, null, 0)
  }
}
