import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian package of each program that tests call; a program that is not listed is its own package. */
const DEBIAN_PACKAGES: Record<string, string> = {
  ffprobe: 'ffmpeg',
  firefox: 'firefox-esr',
  gcc: 'gcc libc6-dev',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-bad',
  mkvmerge: 'mkvtoolnix',
  python3: 'python3-numpy python3-scipy',
  tsreport: 'tstools',
  wasm2c: 'wabt',
}

/** Full path of a program on PATH, or undefined. `firefox` is also looked for as Debian's `firefox-esr`. */
export const findTool = (name: string): string | undefined => {
  const names = name === 'firefox' ? ['firefox', 'firefox-esr'] : [name]
  for (const folder of (process.env.PATH ?? '').split(delimiter))
    for (const candidate of names) {
      const path = join(folder, candidate)
      if (folder !== '' && existsSync(path)) return path
    }
  return undefined
}

/**
 * Value for a test's `skip` option: false when every program is there, else the reason and how to get it.
 * On CI (env CI=true) a missing program is a failure, so that no suite passes by skipping.
 */
export const needTool = (...names: string[]): false | string => {
  for (const name of names) {
    if (findTool(name) !== undefined) continue
    const reason = `${name} is not installed (apt-get install ${DEBIAN_PACKAGES[name] ?? name})`
    if (process.env.CI === 'true') throw new Error(`needed on CI: ${reason}`)
    return reason
  }
  return false
}

/** Path of a program that `needTool` has found. */
export const toolPath = (name: string): string => {
  const path = findTool(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}
