import { type FileHandle, open } from 'node:fs/promises'

export const isCode = (error: unknown, ...codes: string[]): boolean =>
  codes.includes((error as NodeJS.ErrnoException).code ?? '')

/** `write` may take less than it is given. */
export const writeAll = async (
  file: FileHandle,
  data: Uint8Array,
  position: number,
): Promise<void> => {
  let done = 0
  while (done < data.length) {
    const { bytesWritten } = await file.write(data, done, data.length - done, position + done)
    done += bytesWritten
  }
}

export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } catch (error) {
    // file systems that cannot sync a folder do not need it
    if (!isCode(error, 'EINVAL', 'EPERM', 'EISDIR', 'ENOTSUP')) throw error
  } finally {
    await folder.close()
  }
}
