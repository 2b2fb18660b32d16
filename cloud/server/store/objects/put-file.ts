import { open, rename } from 'node:fs/promises'

/** Where a file is until it is whole: `~` cannot stand in a key, so this is no object's name. */
export const draftPath = (path: string): string => `${path}~`

/** Writes a whole file so that after a kill or a power cut there is all of it or what was there before. */
export const putFile = async (path: string, data: Uint8Array): Promise<void> => {
  const draft = draftPath(path)
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(data)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
}
