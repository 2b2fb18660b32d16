import type { EsRuleId } from './es-rules.ts'

export type EsReport = (id: EsRuleId, offset: number, message: string) => void

/** Picture kinds, ordered so that the larger one is the more general. */
export type SliceKind = 'I' | 'P' | 'B'

/** What an access unit turned out to hold. */
export type PictureInfo = {
  /** decoding can begin here: IDR, or CRA and BLA in H.265 */
  key: boolean
  idr: boolean
  /** all parameter sets that its slices need stand in this access unit */
  hasParameterSets: boolean
  kind: SliceKind | undefined
  slices: number
  nalTypes: number[]
}

export type VideoFormat = {
  width: number
  height: number
  profile: string
  level: string
  fps: number | undefined
  /** RFC 6381 */
  codecs: string
}

/** Judges access units of one track, in order. */
export type PictureChecker = {
  /** `nals` are NAL units without start codes or lengths; `offset` is where the access unit lies in the file. */
  check(nals: readonly Uint8Array[], offset: number): PictureInfo
  /** A parameter set from a decoder configuration record. */
  addParameterSet(nal: Uint8Array, offset: number): void
  readonly format: VideoFormat | undefined
}

/** Spec: H.264 7.4.1, H.265 7.4.2.1. Such bytes can stand in a NAL unit only where it is delimited by its length. */
export const hasEmulation = (nal: Uint8Array): boolean => {
  for (let at = 0; at + 2 < nal.length; ) {
    const third = nal[at + 2]!
    if (third > 2) at += 3
    else if (nal[at] === 0 && nal[at + 1] === 0) return true
    else at++
  }
  return false
}

const KINDS: readonly SliceKind[] = ['I', 'P', 'B']
export const widerKind = (a: SliceKind | undefined, b: SliceKind): SliceKind =>
  a === undefined || KINDS.indexOf(b) > KINDS.indexOf(a) ? b : a

/** Checks that the ranks of an access unit's NAL units never step back. */
export class OrderCheck {
  #rank = 0

  /** @returns false when this unit should have stood before one that has been seen */
  accepts(rank: number): boolean {
    if (rank < this.#rank) return false
    this.#rank = rank
    return true
  }
}
