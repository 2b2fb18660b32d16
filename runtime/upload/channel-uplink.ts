import type { BucketUplink } from './bucket/uplink.ts'
import type { Uplink } from './uplink.ts'

/** What a channel needs of its uplink, wherever that leads. */
export type ChannelUplink = Uplink | BucketUplink
