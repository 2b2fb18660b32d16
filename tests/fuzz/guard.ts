/** Watches one instance: what was readable must not change, what lies outside of the ring must not be touched, memory must not grow. */
import assert from 'node:assert/strict'
import { STATE_RING_ADDRESS } from '../../core-wasm/abi.gen.ts'
import { type Core, SliceRecord, UnitRecord } from '../../core-wasm/index.ts'

const CANARY = 0xa5
const PACKET_BYTES = 188

export class Guard {
  readonly #core: Core
  readonly #isTs: boolean
  readonly #memoryBytes: number
  readonly #canaryAt: number
  /** what was seen as readable: [from, from + bytes.length) */
  #seen = Buffer.alloc(0)
  #seenFrom = 0
  #counters = new Map<number, number>()
  #checkedUnit = 0

  /** `reserved`: bytes behind the ring that belong to the encoder */
  constructor(core: Core, isTs: boolean, ringBytes: number, reserved: number) {
    this.#core = core
    this.#isTs = isTs
    this.#memoryBytes = core.memory.buffer.byteLength
    const ring = new Int32Array(core.memory.buffer)[
      (core.exports.state() + STATE_RING_ADDRESS) >> 2
    ]!
    this.#canaryAt = ring + ringBytes + reserved
    core.bytes.fill(CANARY, this.#canaryAt)
  }

  /** A place for input outside of the ring; behind it canaries go on. */
  get scratch(): number {
    return this.#canaryAt + 64
  }

  get scratchBytes(): number {
    return this.#memoryBytes - this.scratch - 64
  }

  restoreScratch(length: number): void {
    this.#core.bytes.fill(CANARY, this.scratch, this.scratch + length)
  }

  check(): void {
    const core = this.#core
    assert.equal(core.memory.buffer.byteLength, this.#memoryBytes, 'memory grew')
    const { head, tail } = core
    assert.ok(tail <= head && head - tail <= core.ringSize, `tail ${tail}, head ${head}`)
    assert.ok(
      core.bytes.subarray(this.#canaryAt).every((byte) => byte === CANARY),
      'a byte behind the ring was written',
    )
    this.#checkSeen(head, tail)
    this.#checkRecords(head)
  }

  #checkSeen(head: number, tail: number): void {
    const seenTo = this.#seenFrom + this.#seen.length
    const now = Buffer.concat(parts(this.#core, tail, head - tail))
    const from = Math.max(tail, this.#seenFrom)
    if (seenTo > from)
      assert.ok(
        now.subarray(from - tail, seenTo - tail).equals(this.#seen.subarray(from - this.#seenFrom)),
        'readable bytes changed',
      )
    if (tail > seenTo) this.#counters.clear() // packets went unseen
    // the tail may lie inside a packet: a reader may release any byte
    const fresh = Math.ceil(Math.max(seenTo, tail) / PACKET_BYTES) * PACKET_BYTES
    if (this.#isTs) this.#checkPackets(now.subarray(fresh - tail))
    this.#seen = now
    this.#seenFrom = tail
  }

  /** Sync byte and continuity counter of every packet. Spec: 13818-1 2.4.3.3 */
  #checkPackets(bytes: Buffer): void {
    assert.equal(bytes.length % PACKET_BYTES, 0)
    for (let at = 0; at < bytes.length; at += PACKET_BYTES) {
      assert.equal(bytes[at], 0x47)
      const pid = ((bytes[at + 1]! & 31) << 8) | bytes[at + 2]!
      const counter = bytes[at + 3]! & 15
      const before = this.#counters.get(pid)
      const advances = (bytes[at + 3]! & 0x10) !== 0 ? 1 : 0
      if (before !== undefined)
        assert.equal(counter, (before + advances) & 15, `counter of PID ${pid}`)
      this.#counters.set(pid, counter)
    }
  }

  #checkRecords(head: number): void {
    const core = this.#core
    let end = 0
    for (let number = core.firstSlice; number < core.nextSlice; number++) {
      const slice = core.slice(number, new SliceRecord())!
      assert.ok(
        slice.start >= end && slice.end >= slice.start && slice.end <= head,
        `slice ${number}`,
      )
      assert.equal(slice.number, number)
      end = slice.end
    }
    for (
      let number = Math.max(core.firstUnit, this.#checkedUnit);
      number < core.nextUnit;
      number++
    ) {
      const unit = core.unit(number, new UnitRecord())!
      if (!unit.closed) break
      this.#checkedUnit = number + 1
      if (!this.#isTs && unit.start >= core.tail && unit.end <= head)
        checkBoxes(Buffer.concat(parts(core, unit.start, unit.end - unit.start)))
    }
  }
}

const parts = (core: Core, position: number, length: number): Uint8Array[] =>
  core.span(position, length)

/** A fragment is whole boxes, with one moof and one mdat, and the runs' sizes add up to mdat's. */
const checkBoxes = (bytes: Buffer): void => {
  const types: string[] = []
  let at = 0
  let samples = 0
  let data = -1
  while (at < bytes.length) {
    const size = bytes.readUInt32BE(at)
    assert.ok(
      size >= 8 && at + size <= bytes.length,
      `box of ${size} bytes at ${at} of ${bytes.length}`,
    )
    const type = bytes.toString('latin1', at + 4, at + 8)
    types.push(type)
    if (type === 'moof') samples = sumOfRuns(bytes.subarray(at + 8, at + size))
    if (type === 'mdat') data = size - 8
    at += size
  }
  assert.match(types.join(' '), /^(prft )?moof free mdat$/)
  assert.equal(data, samples)
}

const sumOfRuns = (moof: Buffer): number => {
  let sum = 0
  for (let at = 0; at < moof.length; ) {
    const size = moof.readUInt32BE(at)
    const type = moof.toString('latin1', at + 4, at + 8)
    if (type === 'traf') sum += sumOfRuns(moof.subarray(at + 8, at + size))
    if (type === 'trun') {
      const flags = moof.readUInt32BE(at + 8) & 0xffffff
      const count = moof.readUInt32BE(at + 12)
      let field = at + 16 + (flags & 1 ? 4 : 0) + (flags & 4 ? 4 : 0)
      for (let i = 0; i < count; i++) {
        if (flags & 0x100) field += 4
        sum += moof.readUInt32BE(field)
        field += 4
      }
    }
    at += size
  }
  return sum
}
