import { AUDIO_AAC, Core, FORMAT_TS, POLICY_REFUSE } from '../../core-wasm/index.ts'
import type { Frame } from './frames.ts'

/** What the core alone makes of the frames: the bytes that must arrive. */
export const muxedTs = async (frames: readonly Frame[], videoCodec = 0): Promise<Buffer> => {
  const core = await Core.create({
    ringBytes: 4 * 1024 * 1024,
    format: FORMAT_TS,
    videoCodec,
    audioInput: AUDIO_AAC,
    fullPolicy: POLICY_REFUSE,
  })
  const out: Buffer[] = []
  const take = (): void => {
    for (const view of core.span(core.tail, core.head - core.tail)) out.push(Buffer.from(view))
    core.release(core.head)
  }
  for (const { kind, data, ptsMs, seq, key } of frames) {
    const status =
      kind === 'video'
        ? core.copyVideo(data, ptsMs, 0, seq, key ? 0 : 1)
        : core.copyAudio(data, ptsMs, 0, seq)
    if (status < 0) throw new Error(`frame ${kind} ${seq}: status ${status}`)
    take()
  }
  core.flush(2)
  take()
  return Buffer.concat(out)
}
