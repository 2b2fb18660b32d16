/** Writes example.h264 (two seconds, 25 pictures a second) and example.pcm (8 kHz, mono): what the bindings' examples record. */
import { writeFileSync } from 'node:fs'
import { join } from './synthetic/annex-b.ts'
import { pcm } from './synthetic/audio.ts'
import { H264Encoder } from './synthetic/h264.ts'

const PICTURES = 50
const GOP = 25
const RATE = 8000
const SECONDS = 2

const encoder = new H264Encoder({ widthMbs: 4, heightMbs: 3, fps: 25 })
const pictures = Array.from({ length: PICTURES }, (_, i) =>
  i % GOP === 0 ? encoder.idr({ slices: 2 }) : encoder.p(),
)
const at = (name: string) => new URL(name, import.meta.url)
writeFileSync(at('example.h264'), join(...pictures))
writeFileSync(at('example.pcm'), pcm(RATE * SECONDS, RATE, 1))
