import { open, rename } from 'node:fs/promises'

/** Writes a whole file so that after a kill or a power cut there is all of it or what was there before. */
export const putFile = async (path: string, data: Uint8Array): Promise<void> => {
  // `~` cannot stand in a key, so this is no object's name
  const draft = `${path}~`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(data)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
