import { ApiFault } from './api/request.ts'
import { getShared, type Shared, sharedPlaylistUrl } from './api/shares.ts'
import { durationText } from './format.ts'
import { t } from './i18n/index.ts'
import { listenToKeys } from './keys.ts'
import type { Source } from './playback/source.ts'
import { Stage } from './stage.ts'
import { dateText, momentText, timeText } from './time.ts'
import { byId, h } from './ui/dom.ts'
import { faultText } from './ui/notice.ts'

const TICK_MS = 200
const SKIP_MS = 10_000
/** A link names no camera; its playlist is all that there is. */
const CAMERA = { productId: '', deviceName: '', channel: 0 }

const sourceOf = ({ playlist, recordings }: Shared): Source => ({
  playlistUrl: (_, { fromMs }) => sharedPlaylistUrl(playlist, fromMs),
  recordingsFrom: async (_, utcMs) =>
    recordings
      .filter(({ endMs }) => endMs > utcMs)
      .map(({ startMs, endMs }) => ({ startMs: Math.max(startMs, utcMs), endMs })),
})

const aboutOf = (shared: Shared): HTMLElement => {
  const { fromMs, toMs, timeZone, note, event, expiresMs } = shared
  const span = `${timeText(fromMs, timeZone)} – ${timeText(toMs, timeZone)}`
  return h(
    'header',
    { class: 'shared-about' },
    h('h2', {}, shared.label || t('shared.title')),
    h(
      'p',
      {},
      `${dateText(fromMs, timeZone)}, ${span} (${timeZone}) · ${durationText(toMs - fromMs)}`,
    ),
    event && h('p', {}, event.info || t('event.number', { id: event.eventId })),
    event?.aiText && h('p', {}, event.aiText),
    note !== '' && h('p', {}, note),
    h('p', { class: 'hint' }, t('shared.until', { when: momentText(expiresMs, timeZone) })),
  )
}

/** The link does not hold: whether it ever did is not said, only what can be done. */
const refuse = (error: unknown): void => {
  const status = error instanceof ApiFault ? error.status : 0
  const title =
    status === 410 ? t('shared.gone') : status === 404 ? t('shared.unknown') : faultText(error)
  document.body.classList.add('refused')
  byId('empty').replaceChildren(h('h3', {}, title), h('p', {}, t('shared.ask')))
}

/** Plays what is shared and lets one move in it. */
const play = (shared: Shared): Stage => {
  const { fromMs, toMs, timeZone } = shared
  const stage = new Stage(
    {
      changed: () => {},
      undecodable: () => {
        byId('empty').replaceChildren(h('h3', {}, t('codec.title')), h('p', {}, t('codec.text')))
      },
    },
    sourceOf(shared),
  )
  stage.zone = timeZone
  stage.setCamera(CAMERA, t('shared.nothing'))
  const seek = h('input', {
    ...{ type: 'range', class: 'shared-seek', min: fromMs, max: toMs, step: 1000, value: fromMs },
    'aria-label': t('shared.seek'),
  })
  byId('stage').after(seek)
  seek.addEventListener('change', () => void stage.playFrom(Number(seek.value)))
  const isHeld = () => seek.matches(':active')
  setInterval(() => {
    stage.tick()
    if (stage.aimMs === undefined || isHeld()) return
    seek.value = String(stage.aimMs)
    seek.setAttribute('aria-valuetext', timeText(stage.aimMs, timeZone))
  }, TICK_MS)
  listenToKeys((command) => {
    const skip = (ms: number) => {
      if (stage.aimMs !== undefined) void stage.playFrom(Math.max(fromMs, stage.aimMs + ms))
    }
    if (command === 'toggle') stage.player.toggle()
    if (command === 'back') skip(-SKIP_MS)
    if (command === 'forward') skip(SKIP_MS)
    if (command === 'frameBack') stage.player.step(-1)
    if (command === 'frameNext') stage.player.step(1)
    if (command === 'sound') stage.toggleSound()
    if (command === 'full') stage.toggleFull()
  })
  const first = shared.recordings[0]
  if (first) void stage.playFrom(Math.max(fromMs, first.startMs))
  return stage
}

/** The page of a shared link: only what is shared, for anyone who has it. */
export const showShared = async (token: string): Promise<Stage | undefined> => {
  document.body.classList.add('shared')
  try {
    const shared = await getShared(token)
    document.title = `${shared.label || t('shared.title')} · Skyrill`
    byId('stage-title').textContent = shared.label
    byId('stage').before(aboutOf(shared))
    return play(shared)
  } catch (error) {
    refuse(error)
    return undefined
  }
}
