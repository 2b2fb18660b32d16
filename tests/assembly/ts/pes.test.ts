import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bits, needTestWasm, TestCore } from '../wasm.ts'

const cases: [name: string, video: boolean, payload: number, pts: bigint, length: number][] = [
  ['video', true, 100, 0n, 108],
  ['the longest bounded video', true, 65527, 1n, 65535],
  ['video beyond is unbounded', true, 65528, 90000n, 0],
  ['audio with bit 32 of PTS', false, 263, 0x1ffffffffn, 271],
  ['PTS bits fall into place', false, 1, 0b1_01_100110011001100_111000111000111n & 0x1ffffffffn, 9],
]
for (const [name, video, payload, pts, length] of cases)
  test(`PES header: ${name}`, { skip: needTestWasm }, () => {
    const core = TestCore.open()
    core.x.writePesHeader(core.at, video, payload, pts)
    const time = pts.toString(2).padStart(33, '0')
    const expected = [
      '000000000000000000000001', // packet_start_code_prefix
      video ? '11100000' : '11000000', // stream_id
      length.toString(2).padStart(16, '0'), // PES_packet_length
      '10 00 0 1 0 0', // '10', scrambling, priority, data_alignment, copyright, original
      '10 0 0 0 0 0 0', // PTS_DTS_flags, ESCR, ES_rate, trick mode, copy info, CRC, extension
      '00000101', // PES_header_data_length
      `0010 ${time.slice(0, 3)} 1 ${time.slice(3, 18)} 1 ${time.slice(18)} 1`,
    ]
      .join('')
      .replaceAll(' ', '')
    assert.equal(bits(core.take(core.at, 14)), expected)
  })
