import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PacketLimit } from '../../../cloud/server/broker/packet-limit.ts'

/** A PUBLISH of so many bytes. Spec: MQTT 3.1.1 2.2.3 */
const packet = (bytes: number): Buffer => {
  const length: number[] = []
  let left = bytes
  do {
    length.push((left % 128) | (left >= 128 ? 0x80 : 0))
    left = Math.floor(left / 128)
  } while (left > 0)
  return Buffer.concat([Buffer.from([0x30, ...length]), Buffer.alloc(bytes)])
}

test('packets up to the limit pass, however they are cut', () => {
  const stream = Buffer.concat([0, 1, 127, 128, 300, 4096].map(packet))
  for (const step of [1, 2, 3, 7, 100, stream.length]) {
    const limit = new PacketLimit(4096)
    for (let at = 0; at < stream.length; at += step)
      assert.ok(limit.accepts(stream.subarray(at, at + step)), `step ${step}, offset ${at}`)
  }
})

test('a longer packet is refused at its header, before its body', () => {
  const limit = new PacketLimit(4096)
  assert.ok(limit.accepts(packet(10)))
  assert.equal(limit.accepts(packet(4097).subarray(0, 3)), false)
})

test('a length of more than four bytes is refused', () => {
  assert.equal(new PacketLimit(2 ** 40).accepts(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80])), false)
})
