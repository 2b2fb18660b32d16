import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChannelStats } from '../../../runtime/index.ts'
import { StatusFigures, StatusLine } from '../../../tools/camera/status-line.ts'

const stats = (given: Partial<ChannelStats> = {}): ChannelStats => ({
  state: 'recording',
  uplink: 'idle',
  videoFrames: 0,
  audioFrames: 0,
  refusedFrames: 0,
  skippedFrames: 0,
  pushedBytes: 0,
  muxedBytes: 0,
  acknowledgedBytes: 0,
  bufferedBytes: 26_624,
  capacityBytes: 1_048_576,
  lagMs: 0,
  ackMedianMs: 81.6,
  slicesOk: 3,
  slicesFailed: 0,
  appends: 0,
  retries: 0,
  memoryBytes: 0,
  ...given,
})

test('rates are those since the last line', () => {
  const figures = new StatusFigures()
  figures.text(stats({ videoFrames: 100, muxedBytes: 1_000_000 }), '', 10_000)
  assert.equal(
    figures.text(stats({ videoFrames: 150, muxedBytes: 1_125_000, slicesFailed: 1 }), '', 12_000),
    '25.0 frames/s · 500 kbit/s · buffered 26 KiB (3 %) · acknowledged 82 ms behind · slices 3, 1 failed · recording',
  )
})

test('what is wrong stands in place of the state', () => {
  const figures = new StatusFigures()
  assert.match(figures.text(stats(), 'offline: no route', 1000), /offline: no route$/)
  assert.equal(figures.text(undefined, '', 1000), 'starting')
})

const output = (isTTY: boolean, columns = 20) => {
  let text = ''
  const write = (part: string): boolean => {
    text += part
    return true
  }
  const out = { isTTY, columns, write }
  return { line: new StatusLine(out as unknown as NodeJS.WriteStream), text: () => text }
}

test('on a terminal the line is rewritten and never wraps', () => {
  const { line, text } = output(true)
  line.show('short')
  line.show('a line that is longer than the terminal')
  line.clear()
  assert.equal(text(), '\r\x1b[2Kshort\r\x1b[2Ka line that is lon…\r\x1b[2K')
})

test('elsewhere it is written now and then, as plain lines', () => {
  const { line, text } = output(false)
  for (let second = 0; second < 21; second++) line.show(`second ${second}`)
  line.clear()
  assert.equal(text(), 'second 0\nsecond 10\nsecond 20\n')
})
