import type { VectorFile } from './format.ts'

const lines = (items: readonly unknown[], indent: string): string =>
  items.length === 0
    ? '[]'
    : `[\n${items.map((item) => `${indent}  ${JSON.stringify(item)}`).join(',\n')}\n${indent}]`

/** JSON with one step or record per line: a diff shows which. */
export const toText = (file: VectorFile): string => {
  const vectors = file.vectors.map((v) => {
    const { stream, slices, units, state } = v.expect
    return `  {
   "name": ${JSON.stringify(v.name)},
   "about": ${JSON.stringify(v.about)},
   "config": ${JSON.stringify(v.config)},
   "open": ${v.open},
   "steps": ${lines(v.steps, '   ')},
   "expect": {
    "stream": ${JSON.stringify(stream)},
    "slices": ${lines(slices, '    ')},
    "units": ${lines(units, '    ')},
    "state": ${lines(state, '    ')}
   }
  }`
  })
  const pieces = Object.entries(file.data.pieces).map(
    ([name, range]) => `   ${JSON.stringify(name)}: ${JSON.stringify(range)}`,
  )
  return `{
 "abi": ${file.abi},
 "data": {
  "file": ${JSON.stringify(file.data.file)},
  "sha256": "${file.data.sha256}",
  "pieces": {
${pieces.join(',\n')}
  }
 },
 "vectors": [
${vectors.join(',\n')}
 ]
}
`
}
