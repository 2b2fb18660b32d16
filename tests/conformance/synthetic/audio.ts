/** Synthetic sound: ADTS frames of silence, and PCM and G.711 samples that are the same on every machine. */
import { BitWriter } from './bit-writer.ts'

const RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]

export type AdtsOptions = {
  rate: number
  channels: 1 | 2
  /** global_gain of the silent channel: makes frames differ */
  gain?: number
  /** bytes of fill element, 0..14: makes lengths differ */
  fill?: number
  /** profile_ObjectType: 1 is LC */
  profile?: number
}

/** individual_channel_stream() with max_sfb 0: a silent channel. Spec: 14496-3 4.4.2.7, 4.4.2.1 */
const silentChannel = (w: BitWriter, gain: number): void => {
  w.u(8, gain) // global_gain
  w.u(1, 0).u(2, 0).u(1, 0) // ics_reserved_bit, window_sequence, window_shape
  w.u(6, 0).u(1, 0) // max_sfb, predictor_data_present
  w.u(1, 0).u(1, 0).u(1, 0) // pulse_data_present, tns_data_present, gain_control_data_present
}

/** One ADTS frame around one raw_data_block. Spec: 14496-3 1.A.3.2, 4.4.2.1 */
export const adtsFrame = (options: AdtsOptions): Uint8Array => {
  const { rate, channels, gain = 100, fill = 0, profile = 1 } = options
  const body = new BitWriter()
  if (channels === 1) {
    body.u(3, 0).u(4, 0) // ID_SCE, element_instance_tag
    silentChannel(body, gain)
  } else {
    body.u(3, 1).u(4, 0).u(1, 0) // ID_CPE, element_instance_tag, common_window
    silentChannel(body, gain)
    silentChannel(body, gain)
  }
  if (fill > 0) {
    body.u(3, 6).u(4, fill) // ID_FIL, count
    body.u(4, 0).u(4, 0) // EXT_FILL, fill_nibble
    for (let i = 1; i < fill; i++) body.u(8, 0xa5) // fill_byte
  }
  body.u(3, 7).zerosToByte() // ID_END
  const payload = body.value
  const w = new BitWriter()
  w.u(12, 0xfff) // syncword
  w.u(1, 0).u(2, 0).u(1, 1) // ID (MPEG-4), layer, protection_absent
  w.u(2, profile).u(4, RATES.indexOf(rate)) // profile_ObjectType, sampling_frequency_index
  w.u(1, 0).u(3, channels) // private_bit, channel_configuration
  w.u(1, 0).u(1, 0).u(1, 0).u(1, 0) // original_copy, home, copyright bits
  w.u(13, 7 + payload.length)
    .u(11, 0x7ff)
    .u(2, 0) // aac_frame_length, buffer fullness, blocks
  return w.raw(payload).value
}

/** 16-bit little-endian PCM: two triangle waves and a little noise; channels differ. */
export const pcm = (samples: number, rate: number, channels: number, from = 0): Uint8Array => {
  const out = new Uint8Array(samples * channels * 2)
  const view = new DataView(out.buffer)
  let seed = (from + 1) >>> 0
  const triangle = (at: number, hz: number): number => {
    const phase = ((at * hz * 4) / rate) % 4
    return Math.trunc((phase < 2 ? phase - 1 : 3 - phase) * 6000)
  }
  for (let i = 0; i < samples; i++)
    for (let channel = 0; channel < channels; channel++) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
      const noise = (seed >>> 24) - 128
      const value =
        triangle(from + i, channel === 0 ? 440 : 660) + (triangle(from + i, 97) >> 2) + noise
      view.setInt16((i * channels + channel) * 2, value, true)
    }
  return out
}

/** Bytes that stand for G.711 samples: every code word is one. */
export const g711 = (samples: number, from = 0): Uint8Array =>
  Uint8Array.from({ length: samples }, (_, i) => {
    const at = from + i
    const ramp = at % 64
    return 0x80 ^ (at & 64 ? 0x80 : 0) ^ (ramp < 32 ? ramp : 63 - ramp)
  })
