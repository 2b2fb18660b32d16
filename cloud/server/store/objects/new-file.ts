import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isCode, syncFolder, writeAll } from './files.ts'
import { draftPath } from './put-file.ts'
import { type NewObject, StorageFullError } from './types.ts'

/** A file under the name of a draft until it is whole. */
export class NewFile implements NewObject {
  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
  ) {}

  static async open(path: string): Promise<NewFile> {
    return new NewFile(path, await open(draftPath(path), 'w', 0o600))
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    await writeAll(this.file, data, position).catch((error) => {
      throw isCode(error, 'ENOSPC', 'EDQUOT') ? new StorageFullError('the disk is full') : error
    })
  }

  async commit(): Promise<void> {
    await this.file.datasync()
    await this.file.close()
    await rename(draftPath(this.path), this.path)
    await syncFolder(dirname(this.path))
  }

  async abort(): Promise<void> {
    await this.file.close().catch(() => {})
    await rm(draftPath(this.path), { force: true })
  }
}
