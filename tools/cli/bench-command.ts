import { existsSync } from 'node:fs'
import { InputError } from './usage-error.ts'

/** The benchmarks build C programs and make clips, so they are part of the sources, not of the package. */
const BENCH = new URL('../../bench/main.ts', import.meta.url)

/** `skyrill bench`. */
export const benchCommand = async (args: string[]): Promise<number> => {
  if (!existsSync(BENCH))
    throw new InputError('benchmarks run from a checkout of the sources: npm run bench -- mux')
  const { bench } = await import(BENCH.href)
  return await bench(args)
}
