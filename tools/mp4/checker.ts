import { parseAdtsHeader } from '../../runtime/source/adts.ts'
import { FaultLog } from '../check/fault-log.ts'
import { type Box, bodyOffset } from './box.ts'
import { type Fragment, parseMoof, type TrackRun } from './fragment.ts'
import { checkFtyp, type Mp4Track, parseMoov } from './init.ts'
import { PrftCheck } from './prft.ts'
import { BoxReader } from './reader.ts'
import { MP4_RULES, type Mp4RuleId } from './rules.ts'
import { NON_SYNC, VideoSamples } from './video-samples.ts'

/** A duration over this is a time stamp that went wrong, not a pause. */
const DURATION_MAX_S = 60
const TOP_LEVEL = new Set([
  'ftyp',
  'moov',
  'moof',
  'mdat',
  'free',
  'skip',
  'styp',
  'sidx',
  'prft',
  'emsg',
  'mfra',
  'ssix',
  'meta',
  'uuid',
])

export type TrackTotals = {
  samples: number
  bytes: number
  /** decode time at which the next fragment must begin; undefined before the first */
  nextTime: number | undefined
  firstTime: number
}

export type Mp4Events = {
  box?(box: Box): void
  fragment?(fragment: Fragment): void
}

/** Checks a fragmented MP4 file as it is read; afterwards says what is in it. Holds one fragment at a time. */
export class Mp4Checker {
  readonly log = new FaultLog<Mp4RuleId>(MP4_RULES)
  readonly totals = new Map<number, TrackTotals>()
  readonly video = new Map<number, VideoSamples>()
  tracks = new Map<number, Mp4Track>()
  brands: string[] = []
  fragments = 0
  bytes = 0
  initBytes = 0
  mdatBytes = 0
  readonly #reader: BoxReader
  readonly #events: Mp4Events
  readonly #prft: PrftCheck
  #moof: Fragment | undefined
  #seen = new Set<string>()
  #sequence: number | undefined

  constructor(events: Mp4Events = {}) {
    this.#events = events
    this.#prft = new PrftCheck(this.log)
    this.#reader = new BoxReader({
      box: (box) => this.#box(box),
      large: (box) =>
        this.log.report(
          'box.size',
          box.offset,
          `${box.type} of ${box.size} bytes is not looked into`,
        ),
      broken: (offset, message) => this.log.report('box.size', offset, message),
    })
  }

  push(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.#reader.push(chunk)
  }

  finish(): void {
    this.#reader.finish()
    for (const type of ['ftyp', 'moov', 'moof'])
      this.log.expect(this.#seen.has(type), 'box.required', this.bytes, `no ${type}`)
    this.log.expect(this.#moof === undefined, 'box.order', this.bytes, 'the last moof has no mdat')
    for (const [id, samples] of this.video)
      samples.gops.finish(this.#ms(id, this.totals.get(id)?.nextTime ?? 0))
  }

  #ms(trackId: number, time: number): number {
    const track = this.tracks.get(trackId)
    return track && track.timescale > 0 ? (time * 1000) / track.timescale : 0
  }

  #box(box: Box): void {
    this.#events.box?.(box)
    const { type, offset } = box
    const { log } = this
    log.expect(
      TOP_LEVEL.has(type),
      'box.unknown',
      offset,
      `${JSON.stringify(type)} at the top level`,
    )
    const first = !this.#seen.has(type)
    if (type === 'ftyp' || type === 'moov')
      log.expect(first, 'box.once', offset, `a second ${type}`)
    if (this.#seen.size === 0)
      log.expect(type === 'ftyp', 'box.order', offset, `the file begins with ${type}`)
    if (type === 'moof' || type === 'mdat')
      log.expect(this.#seen.has('moov'), 'box.order', offset, `${type} before moov`)
    this.#seen.add(type)
    if (type === 'ftyp') this.brands = checkFtyp(box, log)
    else if (type === 'moov' && first) this.#moov(box)
    else if (type === 'prft') this.#prft.box(box, this.tracks)
    else if (type === 'moof') {
      log.expect(this.#moof === undefined, 'box.order', offset, 'moof without mdat before this one')
      this.#moof = parseMoof(box, this.tracks, log)
      this.#fragment(this.#moof)
    } else if (type === 'mdat') this.#mdat(box)
  }

  #moov(box: Box): void {
    this.tracks = parseMoov(box, this.log)
    this.initBytes = box.offset + box.size
    for (const track of this.tracks.values()) {
      this.totals.set(track.id, { samples: 0, bytes: 0, nextTime: undefined, firstTime: 0 })
      if (track.kind === 'video' && track.entry)
        this.video.set(track.id, new VideoSamples(track, this.log))
    }
  }

  #fragment(fragment: Fragment): void {
    const { log } = this
    this.fragments++
    const follows = this.#sequence === undefined || fragment.sequence === this.#sequence + 1
    log.expect(
      follows,
      'mfhd.sequence',
      fragment.offset,
      `${this.#sequence} is followed by ${fragment.sequence}`,
    )
    this.#sequence = fragment.sequence
    this.#prft.fragment(fragment)
    for (const run of fragment.runs) this.#times(run)
    if (this.fragments === 1) this.#checkAudioFirst(fragment)
    this.#events.fragment?.(fragment)
  }

  #times({ track, decodeTime, samples, offset }: TrackRun): void {
    const { log } = this
    const totals = this.totals.get(track.id)!
    const step = totals.nextTime === undefined ? 0 : decodeTime - totals.nextTime
    const text = `track ${track.id}: decode time ${decodeTime}, the samples before end at ${totals.nextTime}`
    // sound is resynchronised when the camera's clock runs off; pictures never need to be
    if (track.kind === 'audio') log.expect(step <= 0, 'tfdt.gap', offset, text)
    log.expect(step === 0 || (track.kind === 'audio' && step > 0), 'tfdt.continuity', offset, text)
    if (totals.nextTime === undefined) totals.firstTime = decodeTime
    let time = decodeTime
    for (const { duration, composition } of samples) {
      const sane = duration > 0 && duration <= DURATION_MAX_S * track.timescale
      log.expect(
        sane,
        'trun.duration',
        offset,
        `track ${track.id}: duration ${duration} of ${track.timescale} per second`,
      )
      log.expect(
        composition >= 0,
        'trun.composition',
        offset,
        `track ${track.id}: offset ${composition}`,
      )
      time += duration
    }
    totals.nextTime = time
  }

  #checkAudioFirst({ runs, offset }: Fragment): void {
    const video = runs.find((run) => run.track.kind === 'video')
    const audio = runs.find((run) => run.track.kind === 'audio')
    if (!video || !audio) return
    const videoMs = this.#ms(video.track.id, video.decodeTime)
    const audioMs = this.#ms(audio.track.id, audio.decodeTime)
    // a timescale of 90 kHz and one of the sample rate cannot meet closer than a tick
    this.log.expect(
      audioMs >= videoMs - 1,
      'fragment.audio-first',
      offset,
      `sound from ${audioMs.toFixed(1)} ms, pictures from ${videoMs.toFixed(1)} ms`,
    )
  }

  #mdat(box: Box): void {
    const fragment = this.#moof
    this.#moof = undefined
    this.mdatBytes += box.body.length
    if (
      !this.log.expect(
        fragment !== undefined,
        'box.order',
        box.offset,
        'mdat without moof before it',
      ) ||
      !fragment
    )
      return
    const spans: { start: number; end: number }[] = []
    for (const run of fragment.runs) this.#samples(run, fragment, box, spans)
    spans.sort((a, b) => a.start - b.start)
    let at = 0
    for (const span of spans) {
      this.log.expect(
        span.start === at,
        'trun.cover',
        box.offset,
        `samples at ${span.start}, the ones before end at ${at}`,
      )
      at = Math.max(at, span.end)
    }
    this.log.expect(
      at === box.body.length,
      'trun.cover',
      box.offset,
      `samples of ${at} bytes in an mdat of ${box.body.length}`,
    )
  }

  #samples(
    run: TrackRun,
    fragment: Fragment,
    mdat: Box,
    spans: { start: number; end: number }[],
  ): void {
    const base = bodyOffset(mdat) - fragment.offset
    const totals = this.totals.get(run.track.id)!
    let index = 0
    let time = run.decodeTime
    let at = 0
    for (const { dataOffset, count, offset } of run.runs) {
      // without data_offset a run goes on where the one before ended
      const given = dataOffset ?? (index > 0 ? at + base : undefined)
      const inside = given !== undefined && given >= base && given <= base + mdat.body.length
      if (
        !this.log.expect(
          inside,
          'trun.offset',
          offset,
          `data_offset ${dataOffset}, mdat has ${base} to ${base + mdat.body.length}`,
        )
      )
        return
      at = given! - base
      const start = at
      for (let i = 0; i < count; i++, index++) {
        const sample = run.samples[index]
        if (!sample) return
        const data = mdat.body.subarray(at, at + sample.size)
        const file = bodyOffset(mdat) + at
        this.log.expect(
          sample.size > 0,
          'sample.empty',
          file,
          `track ${run.track.id}: sample of 0 bytes`,
        )
        if (data.length > 0) this.#sample(run, index, data, file, this.#ms(run.track.id, time))
        totals.samples++
        totals.bytes += sample.size
        at += sample.size
        time += sample.duration
      }
      spans.push({ start, end: at })
    }
  }

  #sample(run: TrackRun, index: number, data: Uint8Array, offset: number, timeMs: number): void {
    const sample = run.samples[index]!
    const video = this.video.get(run.track.id)
    if (!video) {
      const sync = (sample.flags & NON_SYNC) === 0
      this.log.expect(sync, 'sample.sync', offset, 'sound flagged as no sync sample')
      // a sync word alone may be chance; one whose length is the sample's is not
      const adts = run.track.kind === 'audio' && parseAdtsHeader(data)?.frameBytes === data.length
      this.log.expect(!adts, 'sample.adts', offset, 'sample with an ADTS header')
      return
    }
    const first = video.gops.pictures === 0
    const info = video.sample(sample, data, offset, timeMs)
    if (first)
      this.log.expect(info.key, 'fragment.start-key', offset, 'the first picture is no key picture')
    else if (index > 0)
      this.log.expect(!info.key, 'fragment.key-first', offset, 'key picture inside a fragment')
  }

  /** Bytes that are not samples. */
  get overheadBytes(): number {
    let samples = 0
    for (const { bytes } of this.totals.values()) samples += bytes
    return this.bytes - samples
  }
}
