/**
 * Makes the demo clip that `npm start` loops: tools/demo/clip.h264 and clip.aac. Needs ffmpeg with libx264 and DejaVu
 * (Debian: apt install ffmpeg fonts-dejavu-core). Run: bun tools/make-clip.ts
 *
 * Both tracks are exactly 20.48 s: 512 pictures at 25 fps and 320 AAC frames of 1024 samples at 16 kHz, so a loop continues both
 * without a gap. The sound repeats every 20.48 s and is cut from the second of three turns: its first frame then overlaps
 * with its own end, and the encoder's priming is left out.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const FPS = 25
const PICTURES = 512
const GOP = 50
const RATE = 16_000
const AAC_FRAMES = 320
const SECONDS = PICTURES / FPS
const MAX_BYTES = 2_000_000
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf'

const folder = fileURLToPath(new URL('./demo/', import.meta.url))

const ffmpeg = (args: string[]): Buffer =>
  execFileSync('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', ...args], {
    maxBuffer: 64 << 20,
  })

const text = (value: string, size: number, x: string, y: string): string =>
  `drawtext=fontfile=${FONT}:text='${value}':fontsize=${size}:fontcolor=white:box=1:boxcolor=black@0.55:boxborderw=14:x=${x}:y=${y}`

/** A slow gradient, a box that crosses the picture once per loop, and a clock that a person can read off the page. */
const picture = [
  `gradients=size=1280x720:rate=${FPS}:nb_colors=4:seed=7:speed=0.008:c0=0x10243f:c1=0x1f6f8b:c2=0x99a8b2:c3=0xe6d5b8`,
  text('%{pts\\:hms}', 84, '(w-text_w)/2', '(h-text_h)/2'),
  text('picture %{eif\\:n\\:d\\:3} of 512', 34, '(w-text_w)/2', 'h*0.68'),
  text('skyrill demo clip', 30, '40', '40'),
  // the seconds as a bar: it moves in every picture, and its length is the place in the loop
  `drawbox=x=0:y=ih-24:w=iw:h=24:color=black@0.6:t=fill`,
].join(',')
const bar = `color=c=0xffd166:size=1280x24:rate=${FPS}[bar];[base][bar]overlay=x='-W+W*t/${SECONDS}':y=H-24:eval=frame`

const video = ffmpeg(
  `-f lavfi -i ${'SOURCE'} -frames:v ${PICTURES} -c:v libx264 -preset veryslow -profile:v main -pix_fmt yuv420p -bf 0 -g ${GOP} -keyint_min ${GOP} -sc_threshold 0 -b:v 600k -maxrate 900k -bufsize 1200k -x264-params aud=1:repeat-headers=1 -bsf:v h264_metadata=aud=insert -f h264 -`
    .split(' ')
    .map((arg) => (arg === 'SOURCE' ? `${picture}[base];${bar}` : arg)),
)

/** A tick every second over a quiet chord whose tones have whole periods in 20.48 s. */
const whole = (hz: number): number => Math.round(hz * SECONDS) / SECONDS
const tone = (hz: number, level: number): string => `${level}*sin(2*PI*${whole(hz)}*t)`
const sound = `aevalsrc=exprs='${tone(220, 0.03)}+${tone(277.2, 0.03)}+${tone(329.6, 0.03)}+0.25*sin(2*PI*${whole(1000)}*t)*exp(-60*mod(mod(t,${SECONDS}),1))':s=${RATE}:d=${3 * SECONDS}`
const adts = ffmpeg(
  `-f lavfi -i SOURCE -c:a aac -profile:a aac_low -b:a 32k -ar ${RATE} -ac 1 -f adts -`
    .split(' ')
    .map((arg) => (arg === 'SOURCE' ? sound : arg)),
)

/** Offsets of the ADTS frames. Spec: 14496-3 1.A.3.2.1 (aac_frame_length, 13 bits from bit 30). */
const offsets: number[] = []
for (let at = 0; at + 7 <= adts.length; ) {
  offsets.push(at)
  at += ((adts[at + 3]! & 3) << 11) | (adts[at + 4]! << 3) | (adts[at + 5]! >> 5)
}
const audio = adts.subarray(offsets[AAC_FRAMES], offsets[2 * AAC_FRAMES])

if (video.length + audio.length > MAX_BYTES)
  throw new Error(`clip has ${video.length + audio.length} bytes, at most ${MAX_BYTES}`)
mkdirSync(folder, { recursive: true })
writeFileSync(`${folder}clip.h264`, video)
writeFileSync(`${folder}clip.aac`, audio)
console.log(
  `clip.h264 ${readFileSync(`${folder}clip.h264`).length} bytes, clip.aac ${audio.length}`,
)
