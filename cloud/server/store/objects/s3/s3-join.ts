import type { S3Client } from './s3-client.ts'

/** Below this an object goes out in one request. Parts of an upload have at least 5 MiB (S3 API reference, limits). */
const PART_BYTES = 16 * 1024 * 1024

/**
 * Makes one object of bytes that come in order. The store cannot put them together by itself (UploadPartCopy): an append
 * has at most 4 MiB, a part at least 5.
 * @param checkLock throws when this instance may not write the object any more
 */
export const joinObject = async (
  client: S3Client,
  key: string,
  bytes: AsyncIterable<Uint8Array>,
  checkLock: () => void,
): Promise<void> => {
  let waiting: Uint8Array[] = []
  let waitingBytes = 0
  let uploadId: string | undefined
  const etags: string[] = []
  const take = (): Uint8Array => {
    const data = Buffer.concat(waiting)
    waiting = []
    waitingBytes = 0
    return data
  }
  try {
    for await (const chunk of bytes) {
      waiting.push(chunk)
      waitingBytes += chunk.length
      if (waitingBytes < PART_BYTES) continue
      uploadId ??= await client.beginParts(key)
      etags.push(await client.putPart(key, uploadId, etags.length + 1, take()))
    }
    checkLock()
    if (uploadId === undefined) return await client.put(key, take())
    if (waitingBytes > 0) etags.push(await client.putPart(key, uploadId, etags.length + 1, take()))
    await client.endParts(key, uploadId, etags)
  } catch (error) {
    if (uploadId !== undefined) await client.dropParts(key, uploadId).catch(() => {})
    throw error
  }
}
