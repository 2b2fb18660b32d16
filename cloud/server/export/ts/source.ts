import { AAC_FRAME, type AdtsFrame, aacEntry, adtsFrames, sampleRate } from '../codec/aac.ts'
import { avcEntry, H264, h264Type, type VisualSize } from '../codec/h264.ts'
import { H265, h265Type, hevcEntry } from '../codec/h265.ts'
import { lengthPrefixed, nalUnits } from '../codec/nal.ts'
import {
  ExportFault,
  type Group,
  type Sample,
  type SliceTracks,
  type TrackConfig,
  VIDEO_TIMESCALE,
} from '../sample.ts'
import { type Codec, demux, type Pes } from './demux.ts'

const WRAP = 2 ** 33

type Picture = { units: Uint8Array[]; isSync: boolean; sets: Map<number, Uint8Array> }

/** A picture without what stands in the sample entry or says nothing to a decoder that knows where pictures end. */
const readPicture = (codec: Codec, data: Uint8Array): Picture => {
  const picture: Picture = { units: [], isSync: false, sets: new Map() }
  for (const unit of nalUnits(data)) {
    const type = codec === 'h264' ? h264Type(unit) : h265Type(unit)
    const isSet =
      codec === 'h264'
        ? type === H264.sps || type === H264.pps
        : type >= H265.vps && type <= H265.pps
    if (isSet) picture.sets.set(type, unit)
    else if (type !== (codec === 'h264' ? H264.aud : H265.aud)) picture.units.push(unit)
    picture.isSync ||=
      codec === 'h264' ? type === H264.idr : type >= H265.firstIrap && type <= H265.lastIrap
  }
  return picture
}

/** Reads GOPs of a slice in TS. Times go on beyond the wrap of their 33 bits. */
export class TsSource {
  #tracks: SliceTracks | undefined
  /** what to add to a time, and the latest one, to notice the wrap */
  #wrapped = 0
  #lastDts: number | undefined

  constructor(
    private readonly size: VisualSize,
    /** what the sound is like, where a GOP has none yet */
    private readonly expectedAudio?: TrackConfig,
  ) {}

  /** Those of the GOP that was read last. */
  get tracks(): SliceTracks {
    if (!this.#tracks) throw new ExportFault('a slice has no picture')
    return this.#tracks
  }

  read(bytes: Uint8Array): Group {
    const packets = demux(bytes)
    const video: Sample[] = []
    const audio: Sample[] = []
    let entry: Uint8Array | undefined
    let audioConfig: TrackConfig | undefined
    for (const packet of packets) {
      const { pts, dts } = this.#unwrap(packet)
      if (packet.codec === 'aac') {
        const frames = adtsFrames(packet.data)
        if (frames[0])
          audioConfig ??= { timescale: sampleRate(frames[0]), entry: aacEntry(frames[0]) }
        audio.push(...audioSamples(frames, pts))
        continue
      }
      const picture = readPicture(packet.codec, packet.data)
      if (picture.units.length === 0) continue
      if (picture.isSync) entry = this.#entry(packet.codec, picture) ?? entry
      video.push({
        data: lengthPrefixed(picture.units),
        dts,
        offset: pts - dts,
        duration: 0,
        isSync: picture.isSync,
      })
    }
    const config = entry ? { timescale: VIDEO_TIMESCALE, entry } : this.#tracks?.video
    if (!config) throw new ExportFault('a GOP has no parameter sets')
    this.#tracks = {
      video: config,
      audio: audioConfig ?? this.#tracks?.audio ?? this.expectedAudio,
    }
    return { video, audio }
  }

  #entry(codec: Codec, { sets }: Picture): Uint8Array | undefined {
    if (codec === 'h264') {
      const [sps, pps] = [sets.get(H264.sps), sets.get(H264.pps)]
      return sps && pps && avcEntry(sps, pps, this.size)
    }
    const [vps, sps, pps] = [sets.get(H265.vps), sets.get(H265.sps), sets.get(H265.pps)]
    return vps && sps && pps && hevcEntry(vps, sps, pps, this.size)
  }

  #unwrap({ pts, dts }: Pes): { pts: number; dts: number } {
    const last = this.#lastDts ?? dts
    let at = dts + this.#wrapped
    // sound and pictures lie seconds apart, a wrap is 26 hours
    if (at < last - WRAP / 2) this.#wrapped += WRAP
    else if (at > last + WRAP / 2) this.#wrapped -= WRAP
    at = dts + this.#wrapped
    this.#lastDts = at
    return { dts: at, pts: at + ((pts - dts + WRAP) % WRAP) }
  }
}

/** Times of audio are ticks of its rate; a packet's frames follow each other from its PTS. */
const audioSamples = (frames: readonly AdtsFrame[], pts: number): Sample[] =>
  frames.map((frame, at) => ({
    data: frame.data,
    dts: Math.round((pts * sampleRate(frame)) / VIDEO_TIMESCALE) + at * AAC_FRAME,
    offset: 0,
    duration: AAC_FRAME,
    isSync: true,
  }))
