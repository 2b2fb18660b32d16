import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { InputError } from './usage-error.ts'

/** In a checkout the cloud's sources lie beside the tools. */
const CHECKOUT = new URL('../../cloud/server/main.ts', import.meta.url)

/** Where the installed package has its program: beside this package, or in the project that calls. */
const installedProgram = (): string => {
  for (const from of [import.meta.url, pathToFileURL(join(process.cwd(), 'package.json')).href])
    try {
      const require = createRequire(from)
      const manifest = require.resolve('skyrill-cloud/package.json')
      const { bin } = require(manifest) as { bin: Record<string, string> }
      return new URL(bin['skyrill-cloud']!, pathToFileURL(manifest)).href
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  throw new InputError(
    'the cloud is a package of its own and not installed: npm install skyrill-cloud',
  )
}

/** `skyrill cloud`: hands over to the separate package, which reads its settings from the environment; also doctor, backup, restore. */
export const cloudCommand = async (args: string[]): Promise<number> => {
  let program: string
  try {
    program = existsSync(CHECKOUT) ? CHECKOUT.href : installedProgram()
  } catch (error) {
    if (!args.includes('--help') && !args.includes('-h')) throw error
    console.log(
      `skyrill cloud: run the cloud (ingest, index, playback page)\n\n  ${(error as Error).message}`,
    )
    return 0
  }
  // it reads its arguments as if it had been called itself
  process.argv = [process.argv[0]!, fileURLToPath(program), ...args]
  await import(program)
  return Number(process.exitCode ?? 0)
}
