/** Bun gives the path of a file that it puts into the executable. */
declare module '*.wasm' {
  const path: string
  export default path
}
