/**
 * A camera of numbered pictures in a process of its own, which tests kill. Every picture that it pushes is written to a journal first, so that the test
 * knows of each; SIGTERM ends the recording, waits until nothing is left to send, and prints what the ledger says.
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import {
  CloudStorage,
  iv_cs_format_e,
  iv_cs_notify_msg_type_e,
  iv_cs_upload_state_e,
  System,
} from '../../../runtime/index.ts'
import { channelParams, quiet } from '../../support/test-camera.ts'
import { markedFrame } from './marked-frames.ts'

export type DeviceJob = {
  identity: {
    productId: string
    deviceName: string
    deviceSecret: string
    cloudUrl: string
    login?: 'hmac' | 'static'
    ca?: string
  }
  storePath: string
  /** absent: none */
  spoolBytes?: number
  ringBytes: number
  format: 'ts' | 'fmp4'
  /** lines `p number wallMs code` for pushed pictures and `k from to` for slices that are acknowledged */
  journal: string
  /** number of the first picture */
  firstNumber: number
}

/** What is printed at the end. */
export type DeviceReport = {
  losses: { startMs: number; endMs: number; bytes: number; cause: string }[]
  spoolSlices: number
  refused: number
}

const FRAME_MS = 40
const GOP_FRAMES = 25
const IDR_BYTES = 8000
const P_BYTES = 1500
const SETTLE_MS = 120_000
/** What was acknowledged a moment ago leaves the spool a moment later. */
const POLL_MS = 50

const job = JSON.parse(process.argv[2] ?? '') as DeviceJob
const journal = openSync(job.journal, 'a')
const note = (line: string): void => void writeSync(journal, `${line}\n`)

const system = new System()
const storage = new CloudStorage(system)
let isRecording = false
let isEnding = false
let refused = 0
process.on('SIGTERM', () => {
  isEnding = true
})

await system.init({ ...job.identity, storePath: job.storePath, logger: quiet })
const code = await storage.initCs({
  channel_num: 1,
  func_cb: {
    onStartPushStream: () => {
      isRecording = true
    },
    onStopPushStream: () => {
      isRecording = false
    },
    onNotify: (_, type, data) => {
      if (type !== iv_cs_notify_msg_type_e.IV_CS_AV_UPLOAD_STATE_MSG) return
      for (const slice of data!.av_result_info.slice_info)
        if (slice.state === iv_cs_upload_state_e.IV_CS_UPLOAD_OK)
          note(`k ${slice.frame_seq_a} ${slice.frame_seq_b}`)
    },
  },
  ch_params: [
    channelParams({
      u32MaxGopSize: job.ringBytes,
      cs_fmt:
        job.format === 'ts' ? iv_cs_format_e.IV_CS_FORMAT_TS : iv_cs_format_e.IV_CS_FORMAT_FMP4,
    }),
  ],
  ...(job.spoolBytes !== undefined && { spool: { maxBytes: job.spoolBytes } }),
})
if (code !== 0) throw new Error(storage.lastError(0).message)

let number = job.firstNumber
let inGop = 0
const startMs = performance.now()
const push = (): void => {
  const isKey = inGop === 0
  inGop = (inGop + 1) % GOP_FRAMES
  const given = number++
  const wallMs = Date.now()
  const pushed = storage.pushCsStream(0, 1, {
    pu8Addr: markedFrame(given, isKey, isKey ? IDR_BYTES : P_BYTES),
    u64PTS: performance.now() - startMs,
    u32Seq: given,
    eFrameType: isKey ? 0 : 1,
  })
  if (pushed !== 0) refused++
  note(`p ${given} ${wallMs} ${pushed}`)
}
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

process.stdout.write('ready\n')
while (!isEnding) {
  // before the cloud has said that there is a plan nothing is recorded, and nothing is missing
  if (isRecording) push()
  await sleep(FRAME_MS)
}
const deadlineMs = performance.now() + SETTLE_MS
const isSettled = (): boolean =>
  storage.stats(0)!.bufferedBytes === 0 && (storage.spoolStatus()?.slices ?? 0) <= 1
// an open slice stays in the ring until it is closed; leaving closes it
while (performance.now() < deadlineMs && !isSettled()) await sleep(POLL_MS)
await storage.exitCs()
const report: DeviceReport = {
  losses: storage.losses(0),
  spoolSlices: storage.spoolStatus()?.slices ?? 0,
  refused,
}
await system.exit()
closeSync(journal)
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit(0)
