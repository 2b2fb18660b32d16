/**
 * `skyrill push` as one file, made by `npm run build:executables`: the core is inside, nothing has to be installed on the board.
 * Bun only: the import attribute puts the file into the executable.
 */
import { readFileSync } from 'node:fs'
import { argv } from 'node:process'
import corePath from '../../core-wasm/core.wasm' with { type: 'file' }
import { provideModule } from '../../core-wasm/index.ts'
import { runCommand } from '../cli/run-command.ts'
import { push } from '../push.ts'

provideModule('simd', new Uint8Array(readFileSync(corePath)))
process.exitCode = await runCommand(push, argv.slice(2))
