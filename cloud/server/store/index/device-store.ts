export type Device = {
  id: number
  productId: string
  deviceName: string
  secret: string
  /** shown to people; empty when they gave none */
  label: string
  /** raised when the secret changes: upload tokens of before are void */
  epoch: number
  createdMs: number
  /** 0 when never seen */
  lastSeenMs: number
  /** when its recordings were last destroyed: upload tokens of before are void; 0 when never */
  destroyedMs: number
  /** IANA name; days of its recordings are days there */
  timeZone: string
  /** what it may keep; 0: as much as there is room for */
  quotaBytes: number
}
export type NewDevice = Omit<
  Device,
  'id' | 'epoch' | 'lastSeenMs' | 'destroyedMs' | 'timeZone' | 'quotaBytes'
> & { timeZone?: string }
export type DeviceChange = Partial<Pick<Device, 'label' | 'timeZone' | 'quotaBytes'>>

/** Devices in the index. Every call may be repeated. */
export type DeviceStore = {
  /** undefined when product and name, or the MQTT client id that follows from them, are taken */
  createDevice(device: NewDevice): Promise<Device | undefined>
  devices(): Promise<Device[]>
  device(productId: string, deviceName: string): Promise<Device | undefined>
  deviceById(deviceId: number): Promise<Device | undefined>
  /** by `{productId}{deviceName}` without a separator, as MQTT client ids are made */
  deviceByClientId(clientId: string): Promise<Device | undefined>
  /** new secret, next epoch */
  rotateSecret(deviceId: number, secret: string): Promise<Device | undefined>
  changeDevice(deviceId: number, change: DeviceChange): Promise<Device | undefined>
  setLastSeen(seen: ReadonlyMap<number, number>): Promise<void>
  /** with its plans, slices and events */
  deleteDevice(deviceId: number): Promise<void>
  /** from now on upload tokens of before are void */
  markDestroyed(deviceId: number, nowMs: number): Promise<void>
  /** its slices, events, pins and shares; the device and its plans stay */
  deleteRecordings(deviceId: number): Promise<void>
}
