import { AnnexBError } from '../runtime/source/annexb.ts'
import { fileChunks, fileHead } from './cli/file-chunks.ts'
import { fpsOption, readOptions } from './cli/options.ts'
import { InputError, UsageError } from './cli/usage-error.ts'
import { detectFileType, HEAD_BYTES } from './report/file-type.ts'
import { inspectMp4 } from './report/inspect-mp4.ts'
import { inspectRaw } from './report/inspect-raw.ts'
import { inspectTs } from './report/inspect-ts.ts'
import type { InspectReport } from './report/report.ts'
import { rulesText } from './report/rules.ts'
import { reportText } from './report/text.ts'

export const INSPECT_HELP = `skyrill inspect: report on a media file, with every fault found

  skyrill inspect FILE [--json] [--strict] [--fps N]
  skyrill inspect --rules

  FILE       MPEG-TS, fragmented MP4, or raw H.264 or H.265 with start codes; told apart by content
  --json     the report as one JSON object
  --strict   exit code 1 when there is an error
  --rules    list every rule that is checked, with its severity and clause
  --fps N    pictures per second of a raw stream; default: what the stream says, else 25

For a raw stream the report also suggests u32MaxGopSize and the watermarks for it.
The file is read as a stream: its size does not matter.`

const inspectFile = async (path: string, fps: number | undefined): Promise<InspectReport> => {
  const type = detectFileType(fileHead(path, HEAD_BYTES))
  switch (type) {
    case 'ts':
      return inspectTs(path, fileChunks(path))
    case 'fmp4':
      return inspectMp4(path, fileChunks(path))
    case 'h264':
    case 'h265':
      return await inspectRaw(path, type, fileChunks(path), fps)
    default:
      throw new InputError(
        `${path}: is ${type ?? 'no known format'}; MPEG-TS, MP4, raw H.264 and raw H.265 can be inspected`,
      )
  }
}

/** `skyrill inspect`. @returns the exit code */
export const inspect = async (args: readonly string[]): Promise<number> => {
  const options = {
    rules: { type: 'boolean' },
    json: { type: 'boolean' },
    strict: { type: 'boolean' },
    fps: { type: 'string' },
  } as const
  const { values, positionals } = readOptions(args, options, true)
  if (values.help) {
    console.log(INSPECT_HELP)
    return 0
  }
  if (values.rules) {
    console.log(rulesText())
    return 0
  }
  const [path, more] = positionals
  if (path === undefined || more !== undefined)
    throw new UsageError(
      path === undefined
        ? 'FILE is missing: skyrill inspect FILE'
        : `one file at a time; ${more} is a second`,
    )
  try {
    const report = await inspectFile(path, fpsOption(values.fps))
    console.log(values.json ? JSON.stringify(report, undefined, 2) : reportText(report))
    return values.strict && report.errors > 0 ? 1 : 0
  } catch (error) {
    throw error instanceof AnnexBError ? new InputError(`${path}: ${error.message}`) : error
  }
}
