import { eventKeySchema } from '../contract.ts'
import { deviceKey } from '../slice.ts'
import type { Device } from '../store/index/types.ts'

/** Pictures per folder, as for slices. */
const FOLDER_PICTURES = 1000

/** Object key of an event's picture. `pictures` is no boot id, so no slice lies there. */
export const pictureObjectKey = (
  device: Pick<Device, 'productId' | 'deviceName'>,
  channel: number,
  key: string,
): string => {
  const [boot, number] = eventKeySchema.parse(key).split('-') as [string, string]
  const folder = Math.floor(Number(number) / FOLDER_PICTURES)
  return `${deviceKey(device)}/${channel}/pictures/${boot}/${folder}/${key}`
}
