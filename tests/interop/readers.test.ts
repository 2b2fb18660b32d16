/** Both containers, both codecs, with sound: every reader that can be had from a package manager has nothing to say. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { aacClip } from '../support/ffmpeg.ts'
import { needTool } from '../support/tools.ts'
import { mux } from './mux.ts'
import * as reader from './readers.ts'
import { CAMERA_STREAMS } from './streams.ts'

const FORMAT_NAMES = { h264: 'AVC', h265: 'HEVC' }
const ENTRY = { h264: /^avc1/, h265: /^hvc1/ }

const TOOLS = ['ffmpeg', 'tsreport', 'mkvmerge', 'mediainfo', 'gst-launch-1.0']

describe('other readers', { skip: needTool(...TOOLS) }, () => {
  for (const format of ['ts', 'fmp4'] as const)
    for (const stream of CAMERA_STREAMS)
      test(`${stream.name} in ${format}`, async () => {
        const slices = mux([
          ...[
            '--video',
            stream.path(),
            '--audio',
            aacClip({ seconds: stream.seconds }),
            '--format',
            format,
          ],
        ])
        assert.equal(
          slices.reduce((total, slice) => total + slice.frames, 0),
          stream.frames,
        )
        for (const slice of slices) {
          const faults = [
            ...reader.ffmpegDecode(slice.path),
            ...reader.mkvmerge(slice.path),
            ...reader.gstreamer(slice.path, format, stream.codec),
          ]
          if (format === 'ts') faults.push(...reader.tsreport(slice.path))
          else
            faults.push(
              ...(await reader.mp4boxJs(slice.path, [
                { codec: ENTRY[stream.codec], samples: slice.frames },
              ])),
            )
          assert.deepEqual(faults, [])
        }
        const [first] = slices
        assert.ok(first)
        assert.deepEqual(reader.mediainfo(first.path, [FORMAT_NAMES[stream.codec], 'AAC']), [])
      })
})
