import {
  type BucketObject,
  hourIndexSchema,
  type ObjectMeta,
  objectMetaSchema,
  type SliceManifest,
  sliceManifestSchema,
} from '../contract.ts'
import { S3Client, type S3Options } from '../store/objects/s3/s3-client.ts'

/** One channel's part of a bucket: `product/device/channel`. */
export type BucketPath = { productId: string; deviceName: string; channel: number; base: string }

/** Two buckets at most: the first, and the fallback. */
export type BucketSource = 0 | 1

const META = 'x-amz-meta-skyrill'

/** What a bucket that devices write to says of itself; docs/PROTOCOL.md section 7. */
export class BucketReader {
  readonly #clients: readonly S3Client[]

  constructor(buckets: readonly S3Options[]) {
    this.#clients = buckets.map((bucket) => new S3Client(bucket))
  }

  get sources(): BucketSource[] {
    return this.#clients.length > 1 ? [0, 1] : [0]
  }

  client(source: BucketSource): S3Client {
    return this.#clients[source] ?? this.#clients[0]!
  }

  /** Throws unless the buckets are there and may be read. */
  async check(): Promise<void> {
    for (const client of this.#clients) await client.check()
  }

  close(): void {
    for (const client of this.#clients) client.close()
  }

  /** Names of the folders under a prefix. */
  async folders(source: BucketSource, prefix: string): Promise<string[]> {
    const names: string[] = []
    let after: string | undefined
    for (;;) {
      const page = await this.client(source).page(prefix, { delimiter: '/', after })
      names.push(...page.folders.map((folder) => folder.slice(prefix.length, -1)))
      const last = page.folders.at(-1)
      if (page.isLast || last === undefined || last === after) return names
      // behind everything in the folder: "0" follows "/"
      after = `${last.slice(0, -1)}0`
    }
  }

  /** Objects under a prefix, of all its folders. */
  async *objects(
    source: BucketSource,
    prefix: string,
  ): AsyncGenerator<{ key: string; bytes: number }> {
    let after: string | undefined
    for (;;) {
      const page = await this.client(source).page(prefix, { after })
      yield* page.objects
      after = page.objects.at(-1)?.key
      if (page.isLast || after === undefined) return
    }
  }

  async channels(source: BucketSource): Promise<BucketPath[]> {
    const found: BucketPath[] = []
    for (const productId of await this.folders(source, ''))
      for (const deviceName of await this.folders(source, `${productId}/`))
        for (const name of await this.folders(source, `${productId}/${deviceName}/`))
          if (/^\d{1,2}$/.test(name))
            found.push({
              productId,
              deviceName,
              channel: Number(name),
              base: `${productId}/${deviceName}/${name}`,
            })
    return found
  }

  /** UTC days on which a channel recorded, as they are written in keys. */
  async days(source: BucketSource, { base }: BucketPath): Promise<string[]> {
    return (await this.folders(source, `${base}/`)).filter((name) => /^\d{8}$/.test(name))
  }

  /** Indexes in an object: of one slice, or of an hour. What is no index is none. */
  async manifests(source: BucketSource, key: string): Promise<SliceManifest[]> {
    const bytes = await this.client(source).getWhole(key)
    if (!bytes) return []
    const json = parseJson(bytes.toString('utf8'))
    const one = sliceManifestSchema.safeParse(json)
    if (one.success) return [one.data]
    const hour = hourIndexSchema.safeParse(json)
    return hour.success ? hour.data.slices : []
  }

  /** What an object says of itself, when no index does. */
  async meta(source: BucketSource, key: string): Promise<ObjectMeta | undefined> {
    const text = (await this.client(source).head(key))?.[META]
    const meta = objectMetaSchema.safeParse(parseJson(String(text)))
    return meta.success ? meta.data : undefined
  }
}

export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** In which of the buckets an object lies. */
export const sourceOf = ({ s }: Pick<BucketObject, 's'>): BucketSource => (s === 1 ? 1 : 0)
