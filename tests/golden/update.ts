/** `npm run golden`: writes the goldens. Read the diff of the dumps before committing it. */
import { writeFileSync } from 'node:fs'
import { goldens, signatures } from './cases.ts'

const write = (name: string, content: string | Uint8Array) => writeFileSync(new URL(name, import.meta.url), content)

for (const { name, bytes, dump } of await goldens()) {
  write(`${name}.bin`, bytes)
  write(`${name}.dump.txt`, dump)
  console.log(`${name}: ${bytes.length} bytes`)
}
write('exports.txt', signatures('core.wasm'))
