import { existsSync } from 'node:fs'
import { InputError } from './usage-error.ts'

/** In a checkout the cloud's sources lie beside the tools; an installed package finds it among its neighbours. */
const CHECKOUT = new URL('../../cloud/server/main.ts', import.meta.url)
const PACKAGE = 'skyrill-cloud/main'

/** `skyrill cloud`: hands over to the separate package, which reads its settings from the environment. */
export const cloudCommand = async (args: string[]): Promise<number> => {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(`skyrill cloud: run the cloud (ingest, index, playback page)

  Settings come from the environment; the README of skyrill-cloud lists them all.
  It is a package of its own: npm install skyrill-cloud`)
    return 0
  }
  try {
    await import(existsSync(CHECKOUT) ? CHECKOUT.href : PACKAGE)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new InputError(
      'the cloud is a package of its own and not installed: npm install skyrill-cloud',
    )
  }
  return 0
}
