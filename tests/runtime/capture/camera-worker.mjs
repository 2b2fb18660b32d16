// Node's Workers do not run TypeScript, whatever the main thread was started with; Bun's and Deno's do.
if (!process.versions.bun && !process.versions.deno) {
  const { register } = await import('tsx/esm/api')
  register()
}
await import('./camera-worker.ts')
