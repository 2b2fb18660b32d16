import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'
import { buildSps, type SpsFields } from './build.ts'

const FIELDS = [
  'id',
  'profileIdc',
  'constraintFlags',
  'levelIdc',
  'chromaFormatIdc',
  'bitDepthLuma',
  'bitDepthChroma',
  'separateColourPlane',
  'log2MaxFrameNum',
  'picOrderCntType',
  'log2MaxPicOrderCntLsb',
  'deltaPicOrderAlwaysZero',
  'frameMbsOnly',
  'width',
  'height',
  'sarWidth',
  'sarHeight',
  'numUnitsInTick',
  'timeScale',
] as const
type Parsed = Record<(typeof FIELDS)[number], number>

const parse = (core: TestCore, bytes: Uint8Array): { status: number; sps: Parsed } => {
  const status = core.x.h264_parse_sps(core.put(bytes), bytes.length)
  const at = core.x.h264_sps()
  const sps = Object.fromEntries(
    FIELDS.map((name, index) => [name, core.view.getUint32(at + 4 * index, true)]),
  )
  return { status, sps: sps as Parsed }
}

const flat16 = Array(16).fill(0)
const good: [name: string, fields: SpsFields, expected: Partial<Parsed>][] = [
  [
    'baseline QCIF',
    { widthMbs: 11, heightUnits: 9 },
    { profileIdc: 66, width: 176, height: 144, frameMbsOnly: 1 },
  ],
  [
    '1080p is cropped',
    { profile: 100, widthMbs: 120, heightUnits: 68, crop: [0, 0, 0, 4] },
    { width: 1920, height: 1080 },
  ],
  [
    'interlaced 1080i',
    { profile: 77, widthMbs: 120, heightUnits: 34, frameMbsOnly: false, crop: [0, 0, 0, 2] },
    { width: 1920, height: 1080, frameMbsOnly: 0 },
  ],
  [
    'crop of 4:2:2 counts single rows',
    { profile: 122, chroma: 2, widthMbs: 10, heightUnits: 10, crop: [1, 1, 3, 5] },
    { width: 156, height: 152 },
  ],
  [
    'crop of 4:4:4 counts single samples',
    { profile: 244, chroma: 3, widthMbs: 10, heightUnits: 10, crop: [1, 2, 3, 4] },
    { width: 157, height: 153 },
  ],
  [
    'separate planes crop like monochrome',
    {
      profile: 244,
      chroma: 3,
      separatePlanes: true,
      widthMbs: 2,
      heightUnits: 2,
      crop: [1, 0, 1, 0],
    },
    { width: 31, height: 31, separateColourPlane: 1 },
  ],
  [
    '10 bit',
    { profile: 110, bitDepthLuma: 10, bitDepthChroma: 9 },
    { bitDepthLuma: 10, bitDepthChroma: 9 },
  ],
  [
    'scaling lists',
    {
      profile: 100,
      scalingLists: [flat16, undefined, [-8], undefined, undefined, undefined, Array(64).fill(1)],
      widthMbs: 7,
    },
    { width: 112 },
  ],
  [
    'twelve scaling lists',
    { profile: 244, chroma: 3, scalingLists: Array(12).fill([-8]), widthMbs: 7 },
    { width: 112 },
  ],
  [
    'POC type 0',
    { pocType: 0, log2MaxPocLsb: 16, widthMbs: 9 },
    { picOrderCntType: 0, log2MaxPicOrderCntLsb: 16, width: 144 },
  ],
  [
    'POC type 1 with a cycle',
    { pocType: 1, pocCycle: [5, -7, 100000], deltaAlwaysZero: true, widthMbs: 9 },
    { picOrderCntType: 1, deltaPicOrderAlwaysZero: 1, width: 144 },
  ],
  [
    'timing and aspect ratio',
    { sar: [40, 33], timing: [1001, 60000] },
    { sarWidth: 40, sarHeight: 33, numUnitsInTick: 1001, timeScale: 60000 },
  ],
  [
    'timing that needs emulation prevention',
    { timing: [1, 0x00000300] },
    { numUnitsInTick: 1, timeScale: 0x300 },
  ],
  ['timing of zero is none', { timing: [0, 50] }, { numUnitsInTick: 0, timeScale: 0 }],
  [
    'id and level',
    { id: 31, level: 51, constraints: 0xc0 },
    { id: 31, levelIdc: 51, constraintFlags: 0xc0 },
  ],
  ['largest frame_num', { log2MaxFrameNum: 16 }, { log2MaxFrameNum: 16 }],
]
for (const [name, fields, expected] of good)
  test(`SPS: ${name}`, { skip: needTestWasm }, () => {
    const { status, sps } = parse(TestCore.open(), buildSps(fields))
    assert.equal(status, 0)
    for (const [key, value] of Object.entries(expected))
      assert.equal(sps[key as keyof Parsed], value, key)
  })

const RANGE = -1502
const bad: [name: string, fields: SpsFields, status: number][] = [
  ['id 32', { id: 32 }, RANGE],
  ['chroma_format_idc 4', { profile: 100, chroma: 4 }, RANGE],
  ['bit depth 15', { profile: 110, bitDepthLuma: 15 }, RANGE],
  ['log2_max_frame_num 17', { log2MaxFrameNum: 17 }, RANGE],
  ['pic_order_cnt_type 3', { pocType: 3 }, RANGE],
  ['a cycle of 256', { pocType: 1, pocCycle: Array(256).fill(0) }, RANGE],
  ['1056 macroblocks wide', { widthMbs: 1056 }, RANGE],
  ['more macroblocks than level 6.2', { widthMbs: 500, heightUnits: 300 }, RANGE],
  ['cropped to nothing', { widthMbs: 1, crop: [4, 4, 0, 0] }, RANGE],
]
for (const [name, fields, expected] of bad)
  test(`SPS refused: ${name}`, { skip: needTestWasm }, () => {
    assert.equal(parse(TestCore.open(), buildSps(fields)).status, expected)
  })

test('an SPS cut anywhere before its VUI is malformed or out of range, never good with other fields', {
  skip: needTestWasm,
}, () => {
  const core = TestCore.open()
  const whole = buildSps({ profile: 100, widthMbs: 120, heightUnits: 68, crop: [0, 0, 0, 4] })
  for (let length = 0; length < whole.length - 1; length++)
    assert.ok(parse(core, whole.slice(0, length)).status < 0, `${length} bytes`)
})
