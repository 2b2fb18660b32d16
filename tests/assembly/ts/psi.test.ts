import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bits, needTestWasm, TestCore } from '../wasm.ts'

const open = () => {
  const core = TestCore.open()
  core.x.initCrc32()
  return core
}

/** CRC over a whole section, its own CRC_32 included, is 0. Spec: 13818-1 Annex A */
const crcIsRight = (core: TestCore, packet: number) => {
  const length = 3 + (((core.bytes[packet + 6]! & 15) << 8) | core.bytes[packet + 7]!)
  assert.equal(core.x.crc32(packet + 5, length), 0)
  const rest = core.take(packet + 5 + length, 188 - 5 - length)
  assert.ok(
    rest.every((byte) => byte === 0xff),
    'stuffing',
  )
}

test('PAT, bit by bit', { skip: needTestWasm }, () => {
  const core = open()
  core.x.writePat(core.at, 7)
  const expected = [
    '01000111', // sync_byte
    '0 1 0 0000000000000', // error, payload_unit_start, priority, PID
    '00 01 0111', // not scrambled, payload only, continuity_counter
    '00000000', // pointer_field
    '00000000', // table_id
    '1 0 11 000000001101', // section_syntax_indicator, 0, reserved, section_length
    '0000000000000001', // transport_stream_id
    '11 00000 1', // reserved, version_number, current_next_indicator
    '00000000 00000000', // section_number, last_section_number
    '0000000000000001', // program_number
    '111 1000000000000', // reserved, program_map_PID
  ]
    .join('')
    .replaceAll(' ', '')
  assert.equal(bits(core.take(core.at, 17)), expected)
  crcIsRight(core, core.at)
})

const pmts: [
  name: string,
  video: number,
  audio: number,
  length: number,
  version: number,
  tail: string,
][] = [
  ['H.264', 0x1b, 0, 18, 0, '00011011 111 0000100000000 1111 000000000000'],
  [
    'H.264 and AAC',
    0x1b,
    0x0f,
    23,
    1,
    '00011011 111 0000100000000 1111 000000000000 00001111 111 0000100000001 1111 000000000000',
  ],
  [
    'H.265',
    0x24,
    0,
    24,
    0,
    '00100100 111 0000100000000 1111 000000000110 00000101 00000100 01001000 01000101 01010110 01000011',
  ],
]
for (const [name, video, audio, length, version, tail] of pmts)
  test(`PMT of ${name}, bit by bit`, { skip: needTestWasm }, () => {
    const core = open()
    core.x.writePmt(core.at, 0, video, audio)
    const expected = [
      '01000111 0 1 0 1000000000000 00 01 0000 00000000', // header, pointer_field
      `00000010 1 0 11 ${length.toString(2).padStart(12, '0')}`, // table_id, section_length
      `0000000000000001 11 ${version.toString(2).padStart(5, '0')} 1 00000000 00000000`, // program_number, version
      '111 0000100000000', // reserved, PCR_PID
      '1111 000000000000', // reserved, program_info_length
      tail,
    ]
      .join('')
      .replaceAll(' ', '')
    assert.equal(bits(core.take(core.at, expected.length / 8)), expected)
    crcIsRight(core, core.at)
  })

test('sound alone carries the clock', { skip: needTestWasm }, () => {
  const core = open()
  core.x.writePmt(core.at, 0, 0, 0x0f)
  assert.equal(bits(core.take(core.at + 13, 2)), '1110000100000001')
})
