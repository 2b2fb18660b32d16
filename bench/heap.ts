import { createRequire } from 'node:module'
import process from 'node:process'

const require = createRequire(import.meta.url)

/** Collects garbage, then says how much of the JavaScript heap is in use. Buffers and wasm memory do not count. */
export const heapBytes = (): number => {
  if (process.versions.bun !== undefined) {
    const { fullGC, heapSize } = require('bun:jsc') as { fullGC(): void; heapSize(): number }
    fullGC()
    return heapSize()
  }
  const { gc } = globalThis as { gc?: () => void }
  if (!gc) throw new Error('start with --expose-gc to measure the heap')
  gc()
  gc()
  return process.memoryUsage().heapUsed
}
