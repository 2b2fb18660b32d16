import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as tus from 'tus-js-client'
import { openCloud } from '../support/cloud.ts'
import { noise, sliceId, sliceStart, TestDevice } from '../support/device.ts'

/** A foreign tus client that knows nothing of indexes: its bytes arrive, whole and once. */
test('tus-js-client uploads a slice', { timeout: 60_000 }, async () => {
  const cloud = await openCloud()
  const device = await new TestDevice(cloud).register()
  try {
    await device.authorize()
    const data = noise(300_000)
    const upload = (id: string, options: Partial<tus.UploadOptions>) =>
      new Promise<string>((resolve, reject) => {
        const client: tus.Upload = new tus.Upload(data, {
          endpoint: device.url,
          headers: { Authorization: `Bearer ${device.token}` },
          metadata: { slice: JSON.stringify(sliceStart({ id })) },
          chunkSize: 70_000,
          retryDelays: null,
          onError: reject,
          onSuccess: () => resolve(client.url!),
          ...options,
        })
        client.start()
      })
    for (const [id, options] of [
      [sliceId(1), {}],
      [sliceId(2), { uploadLengthDeferred: true }],
    ] as const) {
      const url = await upload(id, options)
      assert.equal(url, `${device.url}/${id}`)
      const read = await cloud.api('GET', `/../media/P1/cam1/0/${id}.ts`)
      assert.deepEqual(Buffer.from(await read.arrayBuffer()), data)
      assert.equal((await device.head(id)).headers.get('Upload-Length'), '300000')
    }
  } finally {
    await device.close()
    await cloud.remove()
  }
})
