import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { AwsClient } from 'aws4fetch'
import { S3_SERVERS } from '../support/s3-servers.ts'

for (const kind of S3_SERVERS)
  describe(`the S3 server ${kind.name}`, { skip: kind.skip }, () => {
    test('keeps an object, and refuses a wrong key', async () => {
      const server = await kind.open()
      try {
        const client = (secretAccessKey: string) =>
          new AwsClient({
            accessKeyId: server.accessKey,
            secretAccessKey,
            service: 's3',
            region: server.region,
            retries: 0,
          })
        const url = `${server.endpoint}/${server.bucket}/a/b`
        const put = await client(server.secretKey).fetch(url, { method: 'PUT', body: 'content' })
        assert.equal(put.status, 200)
        const got = await client(server.secretKey).fetch(url)
        assert.equal(await got.text(), 'content')
        const refused = await client('wrong').fetch(url)
        assert.equal(refused.status, 403)
      } finally {
        await server.close()
      }
    })
  })
