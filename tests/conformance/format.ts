/** Types of vectors.json; README.md says what a runner does with them. */

export type Config = {
  ringBytes: number
  format: number
  videoCodec: number
  audioInput: number
  sampleRate: number
  channels: number
  audioBitRate: number
  nominalFps: number
  sliceMinMs: number
  sliceMaxMs: number
  fullPolicy: number
}

/** What a frame is pushed with. */
export type Stamp = { data: string; pts: number; utc: number; seq: number; status: number }

export type Step =
  | ({ do: 'video'; type: number } & Stamp)
  | ({ do: 'commit'; type: number } & Stamp)
  | ({ do: 'audio' } & Stamp)
  | { do: 'reserve'; bytes: number; status: number }
  | { do: 'flush'; why: number; status: number }
  | { do: 'closeFragment'; status: number }
  | { do: 'hold'; from: number; to: number; status: number }
  | { do: 'release'; position: number; status: number }
  | { do: 'drain'; bytes: number }
  | Mutate

/** Damaged copies of pieces, pushed one after the other. */
export type Mutate = {
  do: 'mutate'
  pieces: string[]
  seed: number
  count: number
  pts: number
  utc: number
  seq: number
  /** of the statuses, as little-endian i32 */
  sha256: string
}

export type StateField = [offset: number, type: 'i32' | 'f64', value: number, name: string]

export type Expected = {
  stream: { bytes: number; sha256: string }
  slices: string[]
  units: string[]
  state: StateField[]
}

export type Vector = {
  name: string
  about: string
  config: Config
  open: number
  steps: Step[]
  expect: Expected
}

export type VectorFile = {
  abi: number
  data: { file: string; sha256: string; pieces: Record<string, [offset: number, length: number]> }
  vectors: Vector[]
}
