import { logout, type Session } from './api/api.ts'
import type { Clip } from './export/clip.ts'
import type { Entry } from './panels/cameras.ts'
import type { Zone } from './time.ts'
import type { View } from './timeline/view.ts'
import { report } from './ui/notice.ts'

/** What the sheets need to know of the page, and tell it. */
export type SheetsContext = {
  session: Session
  chosen(): Entry | undefined
  zone(): Zone
  zoneChanged(): void
  camerasChanged(): void
  play(entry: Entry, clip: Clip): void
}

/** The sheets of the page, each loaded when it is first opened. */
export class Sheets {
  constructor(private readonly context: SheetsContext) {}

  /** A sheet that cannot be loaded is told of like any other fault. */
  async #open(work: () => Promise<void>): Promise<void> {
    await work().catch(report)
  }

  help(): Promise<void> {
    return this.#open(async () => (await import('./panels/help.ts')).openHelp())
  }

  settings(): Promise<void> {
    return this.#open(async () => {
      const [{ openSettings }, { notificationRows }] = await Promise.all([
        import('./panels/settings.ts'),
        import('./panels/notifications.ts'),
      ])
      const { session, chosen, zoneChanged } = this.context
      openSettings({
        session,
        cameraZone: chosen()?.device.timeZone,
        zoneChanged,
        logout: () => void this.logout(),
        more: [notificationRows()],
      })
    })
  }

  addCamera(): Promise<void> {
    return this.#open(async () => {
      const { openAddCamera } = await import('./panels/add-camera.ts')
      openAddCamera(() => this.context.camerasChanged())
    })
  }

  camera(): Promise<void> {
    return this.#open(async () => {
      const entry = this.context.chosen()
      if (!entry) return
      const { openCameraDialog } = await import('./panels/camera-dialog.ts')
      const { session, camerasChanged } = this.context
      openCameraDialog(entry, { session, zone: this.context.zone(), changed: camerasChanged })
    })
  }

  exportRange({ fromMs, toMs }: View): Promise<void> {
    return this.#open(async () => {
      const entry = this.context.chosen()
      if (!entry) return
      const { openExport } = await import('./panels/export-dialog.ts')
      const range = { fromMs, toMs }
      openExport({ camera: entry, title: entry.title, range, zone: this.context.zone() })
    })
  }

  share(range: View): Promise<void> {
    return this.#open(async () => {
      const entry = this.context.chosen()
      if (!entry) return
      const { openShare } = await import('./panels/share-dialog.ts')
      openShare({ camera: entry, range, zone: this.context.zone() })
    })
  }

  /** What was recorded at a moment cannot be decoded here. */
  undecodable(atMs: number): Promise<void> {
    return this.#open(async () => {
      const entry = this.context.chosen()
      if (!entry) return
      const { offerConversion } = await import('./panels/codec-offer.ts')
      offerConversion({
        entry,
        atMs,
        play: (clip) => this.context.play(entry, clip),
        save: (fromMs, toMs) => void this.exportRange({ fromMs, toMs }),
      })
    })
  }

  logout(): Promise<void> {
    return this.#open(async () => {
      await logout()
      location.replace('/')
    })
  }
}
