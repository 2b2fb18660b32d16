import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkBudgets } from '../../bench/check.ts'
import { smallFrameClip } from '../../bench/clips.ts'
import { buildLibavformat, libavformat } from '../../bench/engines/libavformat.ts'
import { memcpy } from '../../bench/engines/memcpy.ts'
import { skyrillMuxer, skyrillScanner } from '../../bench/engines/skyrill.ts'
import {
  BATCH_MS,
  type BenchCase,
  type Contender,
  interleave,
  timedDifference,
} from '../../bench/harness.ts'
import { chart } from '../../bench/report/chart.ts'
import { replaceSection } from '../../bench/report/document.ts'
import { muxGoals } from '../../bench/report/goals.ts'
import { muxMarkdown } from '../../bench/report/mux-table.ts'
import { splitNals } from '../../runtime/source/bitstream/nal.ts'
import { needTool } from '../support/tools.ts'
import { annexB, h264, tinyVideo } from './tiny-streams.ts'

const fixed = (engine: string, nsOf: () => number): Contender => ({
  engine,
  overheadBytes: 7,
  batch: () => ({ ns: nsOf(), frames: 10, bytes: 1000 }),
})

test('contenders take turns, the first round does not count, the median is taken', async () => {
  const order: string[] = []
  const times: Record<string, number[]> = { a: [9e9, 100, 300, 200], b: [9e9, 1000, 1000, 1000] }
  const contenders = ['a', 'b'].map((engine) =>
    fixed(engine, () => {
      order.push(engine)
      return times[engine]!.shift()!
    }),
  )
  const cases = await interleave('case', 'in-place', 'bun', contenders, 3)
  assert.equal(order.join(''), 'abababab')
  assert.deepEqual(cases[0], {
    name: 'case',
    row: 'in-place',
    engine: 'a',
    runtime: 'bun',
    bytesPerSecond: 5e9,
    nsPerFrame: 20,
    overheadBytes: 7,
  })
  assert.equal(cases[1]!.nsPerFrame, 100)
})

test('a part that is not to be counted is taken off', () => {
  let clock = 0
  const takes = (ms: number) => () => {
    clock += ms
  }
  const batch = timedDifference(takes(4), takes(3), 10, 1000, () => clock)
  const passes = Math.ceil(BATCH_MS / 4)
  assert.deepEqual(batch, { ns: passes * 1e6, frames: passes * 10, bytes: passes * 1000 })
})

const tinyClip = () => {
  const frames = tinyVideo('h264', 50, 25, false).map((nals, i) => ({
    data: new Uint8Array(annexB(nals)),
    key: i % 25 === 0,
  }))
  return {
    codec: 'h264' as const,
    width: 16,
    height: 16,
    frames,
    bytes: frames.reduce((sum, frame) => sum + frame.data.length, 0),
    frameMs: 40,
    parameterSets: annexB([h264.sps(), h264.pps()]),
  }
}

describe('engines run', () => {
  const clip = tinyClip()
  for (const row of ['in-place', 'copied'] as const) {
    for (const variant of ['simd', 'scalar'] as const) {
      for (const format of ['ts', 'fmp4'] as const)
        test(`skyrill-${variant} ${format} ${row}`, async () => {
          const contender = await skyrillMuxer(clip, variant, format, row)
          assert.ok(contender.overheadBytes > 0)
          const { frames, bytes } = await contender.batch()
          assert.equal(bytes / frames, clip.bytes / clip.frames.length)
        })
      test(`skyrill-${variant} scan ${row}`, async () => {
        const { frames } = await (await skyrillScanner(clip, variant, row)).batch()
        assert.ok(frames > 0)
      })
    }
    test(`memcpy ${row}`, async () => assert.ok((await memcpy(clip, row).batch()).ns > 0))
    for (const format of ['ts', 'fmp4'] as const)
      test(`libavformat ${format} ${row}`, { skip: needTool('gcc', 'pkg-config') }, async () => {
        const peer = buildLibavformat()
        assert.ok('program' in peer, 'missing' in peer ? peer.missing : '')
        const contender = await libavformat(
          peer.program,
          clip,
          `test-${format}-${row}`,
          format,
          row,
        )
        assert.ok(contender.overheadBytes > 0)
        const { frames, bytes } = await contender.batch()
        assert.equal(bytes / frames, clip.bytes / clip.frames.length)
        contender.close?.()
      })
  }
})

test('small frames have 2048 bytes and no second NAL unit', () => {
  const large = tinyVideo('h264', 3, 3, false).map((nals, i) => {
    const payload = Buffer.alloc(3000, 0x55)
    const last = Buffer.concat([nals.at(-1)!, payload])
    return { data: new Uint8Array(annexB([...nals.slice(0, -1), last])), key: i === 0 }
  })
  const clip = smallFrameClip({ ...tinyClip(), frames: large })
  assert.equal(clip.frames.length, 1000)
  assert.ok(clip.frames.every((frame) => frame.data.length === 2048 && frame.data.at(-1) === 0x80))
  assert.equal(splitNals(clip.frames[1]!.data).length, 1)
})

const measured = (engine: string, bytesPerSecond: number, name = 'ts h264 1080p'): BenchCase => ({
  name,
  row: 'in-place',
  engine,
  runtime: 'bun',
  bytesPerSecond,
  nsPerFrame: 100,
  overheadBytes: engine === 'libavformat' ? 200 : 100,
})

describe('the report', () => {
  const cases = [
    measured('skyrill-simd', 12e9),
    measured('libavformat', 5e9),
    measured('mediabunny', 0.4e9),
  ]
  test('goals', () => {
    const goals = muxGoals(cases, { 'ts h264 2KB-P': 0 })
    assert.deepEqual(
      goals.map(({ measured: text, reached }) => [text, reached]),
      [
        ['2.4x', false],
        ['30.0x', true],
        ['100 bytes', true],
        ['0 bytes', true],
      ],
    )
  })
  test('table and chart', () => {
    const machine = {
      cpu: 'CPU',
      cores: 2,
      memoryGiB: 4,
      os: 'OS',
      date: '2026-11-24',
      runtimes: { bun: '1' },
    }
    const text = muxMarkdown({ cases, machine, heapGrowthPerMillionFrames: {}, skipped: [] })
    assert.match(
      text,
      /\| ts h264 1080p \| in-place \| libavformat \| 5\.00 \| 100 \| 200 \| 2\.40x of it \|/,
    )
    const svg = chart(cases)
    assert.match(svg, /^<svg .*<\/svg>\n$/s)
    // its own title, and one for each bar
    assert.equal(svg.match(/<title>/g)?.length, 4)
  })
  test('a section of the document is replaced, the rest stays', () => {
    const document = 'before\n<!-- mux -->\nold\n<!-- /mux -->\nafter\n'
    assert.equal(
      replaceSection(document, 'mux', 'new\n'),
      'before\n<!-- mux -->\nnew\n<!-- /mux -->\nafter\n',
    )
    assert.throws(() => replaceSection('nothing', 'mux', ''), /no section/)
  })
})

test('budgets hold', async () => {
  for (const { what, measured: value, limit, ok } of await checkBudgets())
    assert.ok(ok, `${what}: ${value} of ${limit}`)
})
