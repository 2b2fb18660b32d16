import './ui/theme.ts'
import type { App } from './app.ts'
import { t, translatePage } from './i18n/index.ts'
import { enter } from './panels/login.ts'
import type { Stage } from './stage.ts'
import { byId } from './ui/dom.ts'
import { report } from './ui/notice.ts'

const RETRY_MS = 3000

translatePage()
byId('empty').textContent = t('loading')

const isDenied = location.search === '?denied'
if (isDenied) history.replaceState(null, '', '/')

/** Logs in while the rest of the page is loaded. A server that is not there yet is asked again. */
const start = async (): Promise<void> => {
  const loading = import('./app.ts')
  try {
    const session = await enter(isDenied)
    const { App } = await loading
    const app = new App(session)
    expose(app.stage, app)
    await app.start()
  } catch (error) {
    report(error)
    setTimeout(() => void start(), RETRY_MS)
  }
}

/** What tests and curious people may ask. */
const expose = (stage: Stage, app?: App): void => {
  const strip = app?.strip
  Object.assign(window, {
    __skyrill: {
      get engine() {
        return stage.player.engine
      },
      get mode() {
        return stage.player.mode
      },
      get utcMs() {
        return stage.utcMs
      },
      get behindMs() {
        return stage.player.behindMs
      },
      get pace() {
        return stage.player.pace
      },
      get camera() {
        return app?.chosen
      },
      get recordings() {
        return strip?.timeline.data.recordings
      },
      get view() {
        return strip?.timeline.view
      },
      get selection() {
        return strip?.timeline.selection
      },
      playAt: (utcMs: number) => stage.playFrom(utcMs),
      show: (fromMs: number, spanMs: number) => strip?.timeline.show(fromMs, spanMs),
      followLive: () => stage.followLive(),
      stop: () => stage.stop(''),
    },
  })
}

/** A shared link needs no session: its token is all that it has. */
const startShared = async (token: string): Promise<void> => {
  const { showShared } = await import('./share-page.ts')
  const stage = await showShared(token)
  if (stage) expose(stage)
}

const [, sharedToken] = /^\/s\/([^/]+)$/.exec(location.pathname) ?? []
if (sharedToken === undefined) void start()
else startShared(sharedToken).catch(report)
