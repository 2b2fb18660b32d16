import { BROWSER_ZONE, type Zone } from './time.ts'

/** Whose clock times are shown by. */
export const ZONE_CHOICES = ['browser', 'camera', 'utc'] as const
export type ZoneChoice = (typeof ZONE_CHOICES)[number]

const ZONE_KEY = 'skyrill-zone'

export const zoneChoice = (): ZoneChoice => {
  const kept = localStorage.getItem(ZONE_KEY)
  return ZONE_CHOICES.find((choice) => choice === kept) ?? 'browser'
}

export const keepZoneChoice = (choice: ZoneChoice): void => localStorage.setItem(ZONE_KEY, choice)

export const zoneOf = (cameraZone: string | undefined): Zone => {
  const choice = zoneChoice()
  if (choice === 'utc') return 'UTC'
  return choice === 'camera' && cameraZone ? cameraZone : BROWSER_ZONE
}
