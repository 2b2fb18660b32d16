/** Other people's readers of our files. Each returns what it found wrong; an empty list is praise. */
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'

const TIMEOUT_MS = 60_000

const call = (
  command: string,
  args: string[],
  env: Record<string, string> = {},
): { status: number | null; out: string } => {
  const done = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 << 20,
    env: { ...process.env, ...env },
  })
  if (done.error) throw done.error
  return { status: done.status, out: done.stdout + done.stderr }
}

const linesLike = (text: string, pattern: RegExp): string[] =>
  text.split('\n').filter((line) => pattern.test(line))

/** tstools: `###` and `!!!` begin its complaints; `-b` adds PCR gaps and the PCR/PTS span. */
export const tsreport = (file: string): string[] => {
  const faults: string[] = []
  for (const args of [[file], ['-b', file]]) {
    const { status, out } = call('tsreport', args)
    if (status !== 0) faults.push(`tsreport ${args.join(' ')}: exit ${status}`)
    faults.push(...linesLike(out, /###|!!!|[Ww]arning|[Dd]iscontinuity/))
    const gaps = /Bad \(>\.1s\) gaps: (\d+)/.exec(out)
    if (args[0] === '-b' && gaps?.[1] !== '0') faults.push(`PCR gaps over 100 ms: ${gaps?.[1]}`)
    for (const [, count] of out.matchAll(/duplicate packets: (\d+)/g))
      if (count !== '0') faults.push(`duplicate packets: ${count}`)
  }
  return faults
}

/** ffmpeg told to explode at the first fault; it decodes every stream. */
export const ffmpegDecode = (file: string): string[] => {
  const args = ['-v', 'warning', '-xerror', '-err_detect', 'explode', '-i', file, '-f', 'null', '-']
  const { status, out } = call('ffmpeg', args)
  return [...(status === 0 ? [] : [`ffmpeg: exit ${status}`]), ...linesLike(out, /\S/)]
}

/** mkvmerge reads the whole file when it remuxes; exit 1 means that it warned. */
export const mkvmerge = (file: string): string[] => {
  const target = `${file}.check.mkv`
  const { status, out } = call('mkvmerge', ['-o', target, file])
  rmSync(target, { force: true })
  return status === 0 ? [] : linesLike(out, /Warning|Error/)
}

/** MediaInfo: the stream formats it saw must be the wanted ones, and it must not call the file broken. */
export const mediainfo = (file: string, formats: string[]): string[] => {
  const { out } = call('mediainfo', ['--Output=JSON', file])
  const faults = linesLike(out, /Truncated|Conformance|Invalid|Error/)
  const tracks: { '@type': string; Format?: string }[] = JSON.parse(out).media.track
  const seen = tracks
    .filter((track) => track['@type'] === 'Video' || track['@type'] === 'Audio')
    .map((track) => track.Format ?? '?')
  if (seen.join() !== formats.join()) faults.push(`mediainfo saw ${seen.join() || 'no stream'}`)
  return faults
}

/** GStreamer's demuxer and parser with their warnings on. */
export const gstreamer = (
  file: string,
  format: 'ts' | 'fmp4',
  codec: 'h264' | 'h265',
): string[] => {
  const demux = format === 'ts' ? 'tsdemux' : 'qtdemux'
  const { status, out } = call(
    'gst-launch-1.0',
    ['-q', 'filesrc', `location=${file}`, '!', demux, '!', `${codec}parse`, '!', 'fakesink'],
    {
      GST_DEBUG: `${demux}:3,mpegtsbase:3,mpegtspacketizer:3,${codec}parse:3`,
      GST_DEBUG_NO_COLOR: '1',
    },
  )
  return [
    ...(status === 0 ? [] : [`gst-launch: exit ${status}`]),
    ...linesLike(out, /WARN|ERROR|FIXME/),
  ]
}

type Mp4Info = { tracks: { codec: string; nb_samples: number }[] }

/** mp4box.js: parses all boxes; the sample counts by codec must be the wanted ones. */
export const mp4boxJs = async (
  file: string,
  wanted: { codec: RegExp; samples: number }[],
): Promise<string[]> => {
  const { createFile } = await import('mp4box')
  const faults: string[] = []
  const bytes = readFileSync(file)
  const buffer = bytes.buffer.slice(
    bytes.byteOffset,
    bytes.byteOffset + bytes.length,
  ) as ArrayBuffer
  const parsed = createFile()
  parsed.onError = (module: string, message: string) => faults.push(`${module}: ${message}`)
  parsed.appendBuffer(Object.assign(buffer, { fileStart: 0 }) as never)
  parsed.flush()
  const info = parsed.getInfo() as unknown as Mp4Info
  for (const { codec, samples } of wanted) {
    const track = info.tracks.find((candidate) => codec.test(candidate.codec))
    if (!track) faults.push(`mp4box.js: no track ${codec}`)
    else if (track.nb_samples !== samples)
      faults.push(`mp4box.js: ${track.nb_samples} samples of ${track.codec}, wanted ${samples}`)
  }
  return faults
}
