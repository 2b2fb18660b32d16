import { ABI_VERSION } from './abi.gen.ts'
import type { CoreExports } from './exports.ts'

export type Variant = 'simd' | 'scalar' | 'threads'

const FILES = {
  simd: 'core.wasm',
  scalar: 'core.scalar.wasm',
  threads: 'core.threads.wasm',
} as const satisfies Record<Variant, string>

const compiled = new Map<Variant, Promise<WebAssembly.Module>>()

const provided = new Map<Variant, Uint8Array<ArrayBuffer>>()

/**
 * Gives the bytes of a variant to programs that have no file beside this one: bundles, single-file executables. To be called before the first
 * channel is opened.
 */
export const provideModule = (variant: Variant, bytes: Uint8Array<ArrayBuffer>): void => {
  provided.set(variant, bytes)
}

const readBytes = async (file: string): Promise<Uint8Array<ArrayBuffer>> => {
  const url = new URL(`./${file}`, import.meta.url)
  if (url.protocol !== 'file:') return new Uint8Array(await (await fetch(url)).arrayBuffer())
  const { readFile } = await import('node:fs/promises')
  return new Uint8Array(await readFile(url))
}

const compile = async (variant: Variant): Promise<WebAssembly.Module> =>
  WebAssembly.compile(provided.get(variant) ?? (await readBytes(FILES[variant])))

/** The compiled module of a variant, shared by all channels of the process. */
export const loadModule = (variant: Variant): Promise<WebAssembly.Module> => {
  let module = compiled.get(variant)
  if (module === undefined) {
    module = compile(variant)
    compiled.set(variant, module)
  }
  return module
}

/** SIMD where the engine has it (an engine without refuses to compile), the scalar build elsewhere: same bytes. */
export const loadBest = async (): Promise<{ module: WebAssembly.Module; variant: Variant }> => {
  try {
    return { module: await loadModule('simd'), variant: 'simd' }
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error
    return { module: await loadModule('scalar'), variant: 'scalar' }
  }
}

export const instantiate = async (module: WebAssembly.Module): Promise<CoreExports> => {
  const { exports } = await WebAssembly.instantiate(module, {})
  const core = exports as unknown as CoreExports
  const version = core.abi_version()
  if (version !== ABI_VERSION)
    throw new Error(`core.wasm has ABI version ${version}, this package needs ${ABI_VERSION}`)
  return core
}
