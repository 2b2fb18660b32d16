import { listDays, listDevices, listEvents, timeline as loadTimeline } from './api.ts'
import { Calendar } from './calendar.ts'
import { drawDevices, type Entry, entriesOf, isSame } from './devices.ts'
import { byId } from './dom.ts'
import { drawEvents, neighbour } from './events.ts'
import { poll, pollEvery, report, tell, untell } from './notice.ts'
import { Player } from './player.ts'
import { addDays, dateText, durationText, isoDate, timeText, type Zone, zoneName } from './time.ts'
import { Timeline } from './timeline.ts'

const DEVICES_MS = 5000
const TIMELINE_MS = 4000
const TICK_MS = 200
/** A click this close before a recording means the recording. */
const SNAP_MS = 15_000
const SILENCE_MS = 10_000
const ZONE_KEY = 'skyrill-zone'

let zone: Zone = localStorage.getItem(ZONE_KEY) === 'utc' ? 'utc' : 'local'
let chosen: Entry | undefined
let date = isoDate(Date.now(), zone)

// ── player ────────────────────────────────────────────────────────────────────────────────────────

const video = byId<HTMLVideoElement>('video')
const playButton = byId<HTMLButtonElement>('play')
const liveButton = byId<HTMLButtonElement>('live')
const modeBadge = byId('mode')
const position = byId<HTMLOutputElement>('position')

const player = new Player(video, {
  changed: () => drawControls(),
  failed: tell,
  interrupted: tell,
  resumed: untell,
  ended: (atMs) => void playFrom(atMs),
})

const drawControls = (): void => {
  const isIdle = player.mode === 'idle'
  playButton.disabled = isIdle
  playButton.toggleAttribute('data-playing', player.isPlaying)
  playButton.setAttribute('aria-label', player.isPlaying ? 'Pause' : 'Play')
  liveButton.disabled = chosen === undefined
  liveButton.setAttribute('aria-pressed', String(player.mode === 'live'))
  modeBadge.hidden = isIdle
  modeBadge.textContent = player.mode === 'live' ? 'LIVE' : 'RECORDING'
  modeBadge.classList.toggle('live-now', player.mode === 'live')
  byId('empty').hidden = !isIdle
  byId('busy').hidden = isIdle || !player.isWaiting
}

/** Plays from a moment, or from the next recording after it. */
const playFrom = async (utcMs: number): Promise<void> => {
  if (!chosen) return
  const camera = chosen
  player.leave()
  try {
    untell()
    const to = Math.max(timeline.recordings.at(-1)?.endMs ?? 0, utcMs + 86_400_000)
    const { recordings } = await loadTimeline(camera, Math.floor(utcMs), Math.ceil(to))
    if (!isSame(camera, chosen)) return
    const next = recordings[0]
    if (!next) {
      player.stop()
      byId('empty').textContent = 'Nothing was recorded after this moment.'
      return
    }
    if (next.startMs - utcMs > SNAP_MS)
      tell(`Nothing was recorded at ${timeText(utcMs, zone)}; playing the next recording.`)
    player.playAt(camera, Math.max(next.startMs, Math.floor(utcMs)))
  } catch (error) {
    player.stop()
    report(error)
  }
}

const followLive = (): void => {
  if (!chosen) return
  untell()
  const today = isoDate(Date.now(), zone)
  if (date !== today) void showDay(today)
  player.followLive(chosen)
}

playButton.addEventListener('click', () => player.toggle())
liveButton.addEventListener('click', followLive)
byId('mute').addEventListener('click', ({ currentTarget }) => {
  video.muted = !video.muted
  ;(currentTarget as HTMLElement).setAttribute('aria-pressed', String(video.muted))
  ;(currentTarget as HTMLElement).setAttribute('aria-label', video.muted ? 'Turn sound on' : 'Mute')
})
byId<HTMLSelectElement>('speed').addEventListener('change', ({ currentTarget }) => {
  video.playbackRate = Number((currentTarget as HTMLSelectElement).value)
  video.defaultPlaybackRate = video.playbackRate
})
byId('full').addEventListener('click', () => {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void video.requestFullscreen().catch(report)
})

// ── day and time line ─────────────────────────────────────────────────────────────────────────────

const timeline = new Timeline(byId<HTMLCanvasElement>('timeline'), {
  chosen: (utcMs) => void playFrom(utcMs),
})
let shownDay = { startMs: 0, endMs: 0 }

const refreshTimeline = async (): Promise<void> => {
  if (!chosen) return
  const [camera, day] = [chosen, shownDay]
  const [{ recordings, nowMs }, events] = await Promise.all([
    loadTimeline(camera, day.startMs, day.endMs),
    listEvents(camera, day.startMs, day.endMs),
  ])
  if (!isSame(camera, chosen) || day !== shownDay) return
  timeline.recordings = recordings
  timeline.events = events
  drawEvents(events, zone, (event) => void playFrom(event.videoStartMs))
  timeline.nowMs = nowMs
  timeline.draw()
  const totalMs = recordings.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0)
  byId('summary').textContent =
    totalMs === 0 ? 'nothing recorded' : `${durationText(totalMs)} recorded`
}

const showDay = async (next: string): Promise<void> => {
  if (!chosen) return
  date = next
  try {
    const [day] = await listDays(chosen, next, next, zoneName(zone))
    if (!day || date !== next) return
    shownDay = day
    timeline.zone = zone
    timeline.recordings = []
    timeline.events = []
    timeline.showDay(day.startMs, day.endMs)
    const noonMs = (day.startMs + day.endMs) / 2
    byId('day').textContent = dateText(noonMs, zone)
    byId<HTMLButtonElement>('day-after').disabled = next >= isoDate(Date.now(), zone)
    await refreshTimeline()
  } catch (error) {
    report(error)
  }
}

const calendar = new Calendar({
  chosen: (next) => void showDay(next),
  today: () => isoDate(Date.now(), zone),
  load: async (from, to) => {
    if (!chosen) return []
    return listDays(chosen, from, to, zoneName(zone)).catch((error) => {
      report(error)
      return []
    })
  },
})

const jump = (way: 1 | -1): void => {
  // half a second of tolerance, or "before" would find the event that has just begun to play
  const atMs = (player.utcMs ?? timeline.nowMs) + way * 500
  const event = neighbour(timeline.events, atMs, way)
  if (event) void playFrom(event.videoStartMs)
  else tell(way > 0 ? 'This day has no later event.' : 'This day has no earlier event.')
}

byId('event-before').addEventListener('click', () => jump(-1))
byId('event-after').addEventListener('click', () => jump(1))
byId('day').addEventListener('click', () => calendar.toggle(date))
byId('day-before').addEventListener('click', () => void showDay(addDays(date, -1)))
byId('day-after').addEventListener('click', () => void showDay(addDays(date, 1)))
byId('zoom-in').addEventListener('click', () => timeline.zoom(0.5))
byId('zoom-out').addEventListener('click', () => timeline.zoom(2))

// ── cameras ───────────────────────────────────────────────────────────────────────────────────────

const choose = async (entry: Entry): Promise<void> => {
  if (isSame(entry, chosen)) return
  chosen = entry
  player.stop()
  byId('empty').textContent = entry.recording ? '' : 'Choose a moment on the time line.'
  document.title = `${entry.title} · Skyrill`
  await refreshDevices()
  await showDay(isoDate(Date.now(), zone))
  if (entry.recording) followLive()
}

const refreshDevices = async (): Promise<void> => {
  const entries = entriesOf(await listDevices(), zone)
  drawDevices(entries, chosen, (entry) => void choose(entry))
  const first = entries.find((entry) => entry.recording) ?? entries[0]
  if (!chosen && first) await choose(first)
  const known = entries.find((entry) => isSame(entry, chosen))
  if (known && chosen) {
    const hasBegun = known.recording && !chosen.recording
    chosen = known
    // the page is often open before its camera is: it shows then what it would have shown
    if (hasBegun && player.mode === 'idle') followLive()
  }
  if (entries.length === 0) byId('empty').textContent = 'No cameras yet.'
}

// ── time ──────────────────────────────────────────────────────────────────────────────────────────

const drawZone = (): void => {
  const button = byId('zone')
  button.textContent = zoneName(zone)
  button.setAttribute('aria-label', `Times are in ${zoneName(zone)}; change`)
}

byId('zone').addEventListener('click', () => {
  zone = zone === 'utc' ? 'local' : 'utc'
  localStorage.setItem(ZONE_KEY, zone)
  drawZone()
  void showDay(isoDate(player.utcMs ?? Date.now(), zone))
  void poll(refreshDevices)
})

/** Live, and nothing has come for so long that the person should know. */
let isSilent = false
const watchSilence = (): void => {
  const was = isSilent
  isSilent = player.mode === 'live' && player.waitingMs > SILENCE_MS
  if (isSilent && !was) tell('The camera sends nothing at the moment.')
  if (was && !isSilent) untell()
}

const tick = (): void => {
  watchSilence()
  byId('clock').textContent = timeText(Date.now(), zone)
  const utcMs = player.utcMs
  position.textContent = utcMs === undefined ? '–' : timeText(utcMs, zone)
  if (utcMs !== timeline.positionMs) {
    timeline.positionMs = utcMs
    timeline.draw()
  }
}

/** Keys of the page, except where a control has its own. */
document.addEventListener('keydown', (event) => {
  const isControl = (event.target as HTMLElement).closest('button, select, canvas, dialog, input')
  if (isControl || event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === ' ') player.toggle()
  else if (event.key === 'l') followLive()
  else if (event.key === 'ArrowLeft' && player.utcMs) void playFrom(player.utcMs - 10_000)
  else if (event.key === 'ArrowRight' && player.utcMs) void playFrom(player.utcMs + 10_000)
  else return
  event.preventDefault()
})

// ── start ─────────────────────────────────────────────────────────────────────────────────────────

drawZone()
drawControls()
setInterval(tick, TICK_MS)
if (location.search === '?denied') {
  history.replaceState(null, '', '/')
  tell(
    'This address has an old or wrong token. Open the page by the address that the server printed.',
  )
}
void poll(refreshDevices)
pollEvery(DEVICES_MS, refreshDevices)
pollEvery(TIMELINE_MS, refreshTimeline)

/** What tests and curious people may ask. */
Object.assign(window, {
  __skyrill: {
    get engine() {
      return player.engine
    },
    get mode() {
      return player.mode
    },
    get utcMs() {
      return player.utcMs
    },
    get camera() {
      return chosen
    },
    get recordings() {
      return timeline.recordings
    },
    playAt: playFrom,
    followLive,
  },
})
