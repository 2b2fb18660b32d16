/** What a fuzzed host does, as data: generated, applied, written to the corpus, replayed. */

import * as abi from '../../core-wasm/abi.gen.ts'
import type { CoreConfig } from '../../core-wasm/index.ts'
import { Core, type Variant } from '../../core-wasm/index.ts'
import { Guard } from './guard.ts'

type Call = 'flush' | 'closeFragment' | 'release' | 'hold' | 'odd'
type Times = { pts: number; utc: number }

export type Operation =
  /** a video frame: copied, from elsewhere in memory, or filled into a reservation that is `extra` bytes larger */
  | ({
      op: 'video'
      how: 'copy' | 'foreign' | 'reserve'
      data: Uint8Array
      seq: number
      type: number
      extra: number
      between: Operation[]
    } & Times)
  | ({ op: 'audio'; data: Uint8Array } & Times)
  | { op: 'call'; name: Call; args: number[] }

/** `fixed` of a corpus entry: what was wrong. */
export type Scenario = { fixed?: string; config: CoreConfig; operations: Operation[] }

const ENCODER_MONO_BYTES = 120 * 1024

export class Player {
  readonly core: Core
  readonly guard: Guard

  private constructor(core: Core, guard: Guard) {
    this.core = core
    this.guard = guard
  }

  static async open(config: CoreConfig, variant: Variant = 'simd'): Promise<Player> {
    const core = await Core.create(config, { variant })
    const transcodes = config.audioInput === abi.AUDIO_G711U || config.audioInput === abi.AUDIO_PCM
    const isTs = config.format === abi.FORMAT_TS
    return new Player(
      core,
      new Guard(core, isTs, config.ringBytes, transcodes ? ENCODER_MONO_BYTES : 0),
    )
  }

  apply(operation: Operation): void {
    const { core } = this
    if (operation.op === 'audio') core.copyAudio(operation.data, operation.pts, operation.utc, 0)
    else if (operation.op === 'video') this.#video(operation)
    else this.#call(operation.name, operation.args)
  }

  #video(operation: Operation & { op: 'video' }): void {
    const { core, guard } = this
    const { data, pts, utc, seq, type } = operation
    if (operation.how === 'copy') core.copyVideo(data, pts, utc, seq, type)
    else if (operation.how === 'reserve') {
      const address = core.reserve(data.length + operation.extra)
      if (address < 0) return
      core.bytes.set(data, address)
      for (const other of operation.between) this.apply(other)
      core.pushVideo(address, data.length, pts, utc, seq, type)
    } else if (data.length <= guard.scratchBytes) {
      core.bytes.set(data, guard.scratch)
      core.pushVideo(guard.scratch, data.length, pts, utc, seq, type)
      guard.restoreScratch(data.length)
    }
  }

  #call(name: Call, args: number[]): void {
    const { core } = this
    const [a = 0, b = 0] = args
    if (name === 'flush') core.flush(a)
    else if (name === 'closeFragment') core.closeFragment()
    else if (name === 'release') core.release(a)
    else if (name === 'hold') core.hold(a, b)
    else this.#odd(a, b, args[2] ?? 0)
  }

  /** Every other export with arguments that make no sense. */
  #odd(n: number, m: number, position: number): void {
    const x = this.core.exports
    x.push_audio(n, m, 0, 0, 0)
    x.count_nal_units(n, m)
    x.slice_address(n)
    x.unit_address(n)
    x.frame_address(n)
    x.init_address(n)
    x.init_length(n)
    x.address_of(position)
    x.push_video(n, m, position, 0, n, m)
    x.reserve(m)
    if (x.open() !== abi.CONFIG_ALREADY_OPEN) throw new Error('opened twice')
  }
}

// ── the corpus: JSON with bytes as base64 and numbers that JSON does not know as strings ───────────────────────────────

export const toJson = (scenario: Scenario): string =>
  JSON.stringify(
    scenario,
    (_key, value) =>
      value instanceof Uint8Array
        ? { base64: Buffer.from(value).toString('base64') }
        : typeof value === 'number' && !Number.isFinite(value)
          ? { number: String(value) }
          : value,
    1,
  )

export const fromJson = (text: string): Scenario =>
  JSON.parse(text, (_key, value) =>
    value?.base64 !== undefined
      ? new Uint8Array(Buffer.from(value.base64, 'base64'))
      : value?.number !== undefined
        ? Number(value.number)
        : value,
  )
