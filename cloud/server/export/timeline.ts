import {
  ExportFault,
  type Group,
  type Sample,
  type SliceTracks,
  sameBytes,
  VIDEO_TIMESCALE,
} from './sample.ts'

/** Pictures further apart than this have a hole between them, which is cut out; a slow camera's are not. */
const HOLE_TICKS = 2 * VIDEO_TIMESCALE
const HOLE_DURATIONS = 4
/** Times of audio that were rounded to 90 kHz on the way differ by this much from where they belong. */
const ROUNDING_TICKS = 2
/** Of the last picture of a file, when nothing says: a 25th of a second. */
const USUAL_TICKS = VIDEO_TIMESCALE / 25

const requireSame = (before: SliceTracks, now: SliceTracks): void => {
  const { video, audio } = before
  if (!sameBytes(video.entry, now.video.entry))
    throw new ExportFault("the encoder's settings change within the range")
  if ((audio === undefined) !== (now.audio === undefined))
    throw new ExportFault('sound comes or goes within the range')
  if (audio && now.audio && !sameBytes(audio.entry, now.audio.entry))
    throw new ExportFault('the format of the sound changes within the range')
}

/**
 * Puts GOPs one behind the other on one time line that begins at 0. What was recorded without a break keeps its times, so picture
 * and sound stay as they are to each other; a break is cut out: the next picture follows where the last one ends.
 */
export class ExportTimeline {
  tracks: SliceTracks | undefined
  #held: Group | undefined
  /** from times of the source to times of the file, video ticks */
  #shift = 0
  #videoEnd = 0
  #audioEnd = 0
  #cuts = 0

  /** Breaks that were cut out. */
  get cuts(): number {
    return this.#cuts
  }

  get durationTicks(): number {
    return this.#videoEnd
  }

  /** Takes a GOP; gives the one before, whose last picture's duration is known now. */
  add(group: Group, tracks: SliceTracks, isBreak: boolean): Group | undefined {
    const [first] = group.video
    if (!first) return undefined
    if (this.tracks) requireSame(this.tracks, tracks)
    this.tracks ??= tracks
    const last = this.#held?.video.at(-1)
    const step = last ? first.dts + this.#shift - last.dts : 0
    const isHole = step <= 0 || step > Math.max(HOLE_TICKS, HOLE_DURATIONS * (last?.duration ?? 0))
    if (last && !isBreak && !isHole) last.duration = step
    const before = this.#finishHeld()
    if (!last || isBreak || isHole) {
      this.#shift = this.#videoEnd - first.dts
      if (last) this.#cuts++
    }
    this.#held = {
      video: this.#place(group.video, this.#shift),
      audio: this.#placeAudio(group.audio),
    }
    this.#bridgeAudio(before, this.#held)
    return before
  }

  /** A hole in the sound is told as a frame that lasts until the next one. */
  #bridgeAudio(before: Group | undefined, next: Group): void {
    const [last, first] = [before?.audio.at(-1), next.audio[0]]
    if (last && first) last.duration = first.dts - last.dts
  }

  /** The last GOP. */
  end(): Group | undefined {
    return this.#finishHeld()
  }

  #finishHeld(): Group | undefined {
    const held = this.#held
    const last = held?.video.at(-1)
    this.#held = undefined
    if (last) this.#videoEnd = last.dts + last.duration
    return held
  }

  /** A picture lasts until the next one; the last one as long as the one before, unless its source says. */
  #place(samples: readonly Sample[], shift: number): Sample[] {
    const placed = samples.map((sample) => ({ ...sample, dts: sample.dts + shift }))
    for (const [at, sample] of placed.entries()) {
      const next = placed[at + 1]
      if (next) sample.duration = Math.max(1, next.dts - sample.dts)
      else if (sample.duration <= 0) sample.duration = placed[at - 1]?.duration ?? USUAL_TICKS
    }
    return placed
  }

  /** Frames that lie before the file, or that the file has already, are left out; holes stay holes. */
  #placeAudio(samples: readonly Sample[]): Sample[] {
    const rate = this.tracks?.audio?.timescale
    if (rate === undefined) return []
    const shift = Math.round((this.#shift * rate) / VIDEO_TIMESCALE)
    const placed: Sample[] = []
    for (const sample of samples) {
      let dts = sample.dts + shift
      if (Math.abs(dts - this.#audioEnd) <= ROUNDING_TICKS) dts = this.#audioEnd
      if (dts < this.#audioEnd) continue
      const before = placed.at(-1)
      if (before) before.duration = dts - before.dts
      placed.push({ ...sample, dts })
      this.#audioEnd = dts + sample.duration
    }
    return placed
  }
}
