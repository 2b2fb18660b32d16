import { AUDIO_G711A, AUDIO_G711U, AUDIO_PCM, CONFIG_AUDIO_RANGE } from './abi.gen.ts'
import { CoreError } from './errors.ts'
import { instantiate, loadBest, loadModule, type Variant } from './loader.ts'

/** Samples per channel of a block, and of an AAC frame. */
export const AAC_BLOCK_SAMPLES = 1024

/** Silence that a decoder puts out before the first sample. */
export const AAC_PRIMING_SAMPLES = 1024

/** what the core calls the input, bytes of a sample, and the byte of which silence is made */
const INPUTS = {
  pcm: { kind: AUDIO_PCM, bytes: 2, silence: 0 },
  g711a: { kind: AUDIO_G711A, bytes: 1, silence: 0xd5 },
  g711u: { kind: AUDIO_G711U, bytes: 1, silence: 0xff },
} as const

export type AacEncoderConfig = {
  /** Hz: an AAC rate from 8000 to 96000 */
  sampleRate: number
  /** default 1 */
  channels?: 1 | 2
  /** 16-bit little-endian PCM (default) or G.711; two channels are interleaved */
  input?: keyof typeof INPUTS
  /** bit/s of the ADTS stream; default: by rate and channels */
  bitRate?: number
}

export type AacEncoderOptions = {
  /** default: SIMD, or scalar where the engine has no SIMD */
  variant?: Variant
  /** a module compiled elsewhere, instead of a variant */
  module?: WebAssembly.Module
}

type EncoderExports = {
  readonly memory: WebAssembly.Memory
  aac_open(rate: number, channels: number, kind: number, bitRate: number): number
  aac_input(): number
  aac_output(): number
  aac_encode(length: number): number
  aac_flush(): number
}

/** AAC-LC for those who want nothing else of the core: samples in, ADTS frames out. Its memory never grows after create(). */
export class AacEncoder {
  /** bytes of a block: 1024 samples of every channel */
  readonly blockBytes: number
  readonly #exports: EncoderExports
  readonly #input: Uint8Array
  readonly #output: Uint8Array
  readonly #silence: number
  /** bytes of the next block that write() has already taken */
  #filled = 0

  private constructor(exports: EncoderExports, blockBytes: number, silence: number) {
    const { buffer } = exports.memory
    this.blockBytes = blockBytes
    this.#exports = exports
    this.#silence = silence
    this.#input = new Uint8Array(buffer, exports.aac_input(), blockBytes)
    this.#output = new Uint8Array(buffer, exports.aac_output())
  }

  /** Throws CoreError when the configuration is out of range. */
  static async create(
    config: AacEncoderConfig,
    options: AacEncoderOptions = {},
  ): Promise<AacEncoder> {
    const { sampleRate, channels = 1, input = 'pcm', bitRate = 0 } = config
    const module =
      options.module ??
      (options.variant === undefined
        ? (await loadBest()).module
        : await loadModule(options.variant))
    const exports = (await instantiate(module)) as unknown as EncoderExports
    if (!Object.hasOwn(INPUTS, input)) throw new CoreError(CONFIG_AUDIO_RANGE)
    const { kind, bytes, silence } = INPUTS[input]
    const status = exports.aac_open(sampleRate, channels, kind, bitRate)
    if (status < 0) throw new CoreError(status)
    return new AacEncoder(exports, AAC_BLOCK_SAMPLES * channels * bytes, silence)
  }

  /**
   * Encodes one block of `blockBytes`. Returns the length of the ADTS frame at the start of `frame`: 0 for the first block,
   * negative when the block has another length. Allocates nothing.
   */
  encodeBlock(block: Uint8Array): number {
    if (block.length === this.blockBytes) this.#input.set(block)
    return this.#exports.aac_encode(block.length)
  }

  /** One of the two frames that are still inside after the last block, like encodeBlock(); 0 when there are none left. */
  flushBlock(): number {
    return this.#exports.aac_flush()
  }

  /** Where the ADTS frame of the last call lies: valid until the next. */
  get frame(): Uint8Array {
    return this.#output
  }

  /** Takes any number of bytes and returns the ADTS frames that they complete, copied. */
  write(samples: Uint8Array): Uint8Array {
    const frames: Uint8Array[] = []
    for (let at = 0; at < samples.length; ) {
      const take = Math.min(this.blockBytes - this.#filled, samples.length - at)
      this.#input.set(samples.subarray(at, at + take), this.#filled)
      at += take
      this.#filled += take
      if (this.#filled === this.blockBytes) this.#encodeFilled(frames)
    }
    return concat(frames)
  }

  /** Fills the last block with silence and returns the frames that remain. */
  end(): Uint8Array {
    const frames: Uint8Array[] = []
    if (this.#filled > 0) {
      this.#input.fill(this.#silence, this.#filled)
      this.#encodeFilled(frames)
    }
    for (let length = this.flushBlock(); length > 0; length = this.flushBlock())
      frames.push(this.#output.slice(0, length))
    return concat(frames)
  }

  /** The same as a web stream. */
  stream(): TransformStream<Uint8Array, Uint8Array> {
    const pass = (
      frames: Uint8Array,
      controller: TransformStreamDefaultController<Uint8Array>,
    ): void => {
      if (frames.length > 0) controller.enqueue(frames)
    }
    return new TransformStream({
      transform: (samples, controller) => pass(this.write(samples), controller),
      flush: (controller) => pass(this.end(), controller),
    })
  }

  #encodeFilled(frames: Uint8Array[]): void {
    this.#filled = 0
    const length = this.#exports.aac_encode(this.blockBytes)
    if (length > 0) frames.push(this.#output.slice(0, length))
  }
}

const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
