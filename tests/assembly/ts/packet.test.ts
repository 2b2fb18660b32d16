import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bits, needTestWasm, TestCore } from '../wasm.ts'

const RANDOM_ACCESS = 0x40
const PCR = 0x10

const fields: [name: string, bytes: number, flags: number, pcr: bigint, expected: string][] = [
  ['one byte of stuffing is a length alone', 1, 0, 0n, '00000000'],
  ['two bytes', 2, 0, 0n, '00000001 00000000'],
  ['stuffing is 0xff', 4, 0, 0n, '00000011 00000000 11111111 11111111'],
  ['random access', 2, RANDOM_ACCESS, 0n, '00000001 01000000'],
  ['PCR 0', 8, PCR, 0n, `00000111 00010000 ${'0'.repeat(33)} 111111 000000000`],
  [
    'PCR of 33 bits',
    8,
    PCR | RANDOM_ACCESS,
    0x1ffffffffn,
    `00000111 01010000 ${'1'.repeat(33)} 111111 000000000`,
  ],
  [
    'PCR and stuffing',
    10,
    PCR,
    0x123456789n,
    `00001001 00010000 ${0x123456789n.toString(2).padStart(33, '0')} 111111 000000000 ${'1'.repeat(16)}`,
  ],
]
for (const [name, bytes, flags, pcr, expected] of fields)
  test(`adaptation field: ${name}`, { skip: needTestWasm }, () => {
    const core = TestCore.open()
    core.bytes.fill(0xa5, core.at, core.at + 20)
    core.x.writeField(core.at, bytes, flags, pcr)
    assert.equal(bits(core.take(core.at, bytes)), expected.replaceAll(' ', ''))
    assert.equal(core.bytes[core.at + bytes], 0xa5)
  })

test('packet header: PID, start, control, counter', { skip: needTestWasm }, () => {
  const core = TestCore.open()
  core.view.setUint32(core.at, core.x.packetHeader(0x1abc, true, 3, 9), true)
  assert.equal(
    bits(core.take(core.at, 4)),
    '01000111 0 1 0 1101010111100 00 11 1001'.replaceAll(' ', ''),
  )
})
