import process from 'node:process'

export { process }

/** Which runtime this is, with its version: `bun 1.4.5`. */
export const runtimeName = (): 'bun' | 'deno' | 'node' =>
  process.versions.bun !== undefined ? 'bun' : process.versions.deno !== undefined ? 'deno' : 'node'

export const runtimeVersion = (): string =>
  process.versions.bun ?? process.versions.deno ?? process.versions.node

export const RUNTIMES = ['bun', 'deno', 'node'] as const
export type RuntimeName = (typeof RUNTIMES)[number]

/** How a TypeScript program of this repository is started on each. */
export const commandLine = (runtime: RuntimeName, bin: string, script: string): string[] => {
  switch (runtime) {
    case 'bun':
      return [`${bin}/bun`, script]
    case 'deno':
      return [
        `${bin}/deno`,
        'run',
        '-A',
        '--no-check',
        '--no-lock',
        '--v8-flags=--expose-gc',
        script,
      ]
    case 'node':
      return ['node', '--expose-gc', '--import', 'tsx', script]
  }
}
