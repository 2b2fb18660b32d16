import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needTestWasm, TestCore } from '../wasm.ts'
import { buildPps, buildSps, buildVps, type SpsFields } from './build.ts'

const FIELDS = [
  'id',
  'ptl',
  'maxSubLayers',
  'temporalIdNesting',
  'chromaFormatIdc',
  'separateColourPlane',
  'bitDepthLuma',
  'bitDepthChroma',
  'width',
  'height',
  'addressBits',
  'orderCntBits',
  'sarWidth',
  'sarHeight',
  'numUnitsInTick',
  'timeScale',
] as const
type Parsed = Record<(typeof FIELDS)[number], number>

const parse = (core: TestCore, bytes: Uint8Array): { status: number; sps: Parsed } => {
  const status = core.x.h265_parse_sps(core.put(bytes), bytes.length)
  const at = core.x.h265_sps()
  const sps = Object.fromEntries(
    FIELDS.map((name, index) => [name, core.view.getUint32(at + 4 * index, true)]),
  )
  return { status, sps: sps as Parsed }
}

const good: [name: string, fields: SpsFields, expected: Partial<Parsed>][] = [
  [
    '64x64, 4 blocks',
    {},
    { width: 64, height: 64, addressBits: 2, bitDepthLuma: 8, chromaFormatIdc: 1 },
  ],
  [
    '1080p with a conformance window',
    { width: 1920, height: 1088, window: [0, 0, 0, 4] },
    { width: 1920, height: 1080, addressBits: 12 - 1 },
  ],
  [
    '4:2:2 window',
    { chroma: 2, width: 64, height: 64, window: [1, 2, 3, 4] },
    { width: 58, height: 57 },
  ],
  [
    '4:4:4 window',
    { chroma: 3, width: 64, height: 64, window: [1, 2, 3, 4] },
    { width: 61, height: 57 },
  ],
  ['10 bit', { bitDepth: 10, profile: 2 }, { bitDepthLuma: 10, bitDepthChroma: 10 }],
  [
    'timing behind no reference picture sets',
    { timing: [1, 25] },
    { numUnitsInTick: 1, timeScale: 25 },
  ],
  [
    'timing behind predicted reference picture sets',
    { refPicSets: 7, timing: [1001, 30000] },
    { numUnitsInTick: 1001, timeScale: 30000 },
  ],
  ['one block needs no address', { width: 32, height: 32 }, { addressBits: 0 }],
  ['id', { id: 15 }, { id: 15 }],
]
for (const [name, fields, expected] of good)
  test(`H.265 SPS: ${name}`, { skip: needTestWasm }, () => {
    const { status, sps } = parse(TestCore.open(), buildSps(fields))
    assert.equal(status, 0)
    for (const [key, value] of Object.entries(expected))
      assert.equal(sps[key as keyof Parsed], value, key)
  })

test('profile, tier and level are kept for hvcC', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  parse(core, buildSps({ profile: 2, level: 120 }))
  const at = core.x.h265_ptl()
  const field = (index: number) => core.view.getUint32(at + 4 * index, true)
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(field), [0, 0, 2, 0x60000000, 0x90000000, 0, 120])
})

const bad: [name: string, fields: SpsFields, status: number][] = [
  ['id 16', { id: 16 }, -1603],
  ['chroma_format_idc 4', { chroma: 4 }, -1603],
  ['width 0', { width: 0 }, -1603],
  ['wider than any level', { width: 16889 }, -1603],
  ['window of everything', { window: [16, 16, 0, 0] }, -1603],
  ['17 bit', { bitDepth: 17 }, -1603],
]
for (const [name, fields, expected] of bad)
  test(`H.265 SPS refused: ${name}`, { skip: needTestWasm }, () => {
    assert.equal(parse(TestCore.open(), buildSps(fields)).status, expected)
  })

test('PPS and VPS ids and limits', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  const pps = (bytes: Uint8Array) => core.x.h265_parse_pps(core.put(bytes), bytes.length)
  assert.equal(pps(buildPps({ id: 63, sps: 15 })), 0)
  assert.equal(pps(buildPps({ id: 64 })), -1604)
  assert.equal(pps(buildPps({ sps: 16 })), -1604)
  const vps = buildVps()
  assert.equal(core.x.h265_parse_vps(core.put(vps), vps.length), 0)
  assert.equal(core.x.h265_parse_vps(core.put(vps), 5), -1601)
})
