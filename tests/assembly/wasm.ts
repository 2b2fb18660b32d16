/** build/core.test.wasm: the core with its internals exported. `npm run build` makes it. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = fileURLToPath(new URL('../../build/core.test.wasm', import.meta.url))

export const needTestWasm: false | string = existsSync(path)
  ? false
  : 'build/core.test.wasm is missing: npm run build'

/** A fresh instance with a scratch area behind its static data. */
export class TestCore {
  // biome-ignore lint/suspicious/noExplicitAny: internals have no type of their own
  readonly x: any
  readonly bytes: Uint8Array
  readonly view: DataView
  /** free memory: two pages */
  readonly at: number

  private constructor(instance: WebAssembly.Instance) {
    this.x = instance.exports
    const memory = this.x.memory as WebAssembly.Memory
    this.at = memory.buffer.byteLength
    memory.grow(4)
    this.bytes = new Uint8Array(memory.buffer)
    this.view = new DataView(memory.buffer)
  }

  static open(): TestCore {
    return new TestCore(new WebAssembly.Instance(module(), {}))
  }

  /** Puts bytes at `offset` of the free memory and returns their address. */
  put(bytes: ArrayLike<number>, offset = 0): number {
    this.bytes.set(bytes, this.at + offset)
    return this.at + offset
  }

  take(address: number, length: number): Uint8Array {
    return this.bytes.slice(address, address + length)
  }
}

let compiled: WebAssembly.Module | undefined
const module = (): WebAssembly.Module => {
  compiled ??= new WebAssembly.Module(readFileSync(path))
  return compiled
}

/** Bits of bytes as a string, for packets that are written down as in the standard. */
export const bits = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
