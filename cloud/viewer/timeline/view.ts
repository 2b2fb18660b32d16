/** Part of time that the strip shows. */
export type View = { fromMs: number; toMs: number }

const SPAN_MIN_MS = 10_000
const SPAN_MAX_MS = 62 * 86_400_000
/** Nothing was recorded before that, and little can be after now. */
const PAST_MS = 400 * 86_400_000
const FUTURE_MS = 86_400_000

export const spanOf = ({ fromMs, toMs }: View): number => toMs - fromMs

export const contains = ({ fromMs, toMs }: View, atMs: number): boolean =>
  atMs >= fromMs && atMs < toMs

/** A view of this length from a moment on, kept where there can be something. */
export const clampView = (fromMs: number, spanMs: number, nowMs: number): View => {
  const span = Math.min(Math.max(spanMs, SPAN_MIN_MS), SPAN_MAX_MS)
  const first = nowMs - PAST_MS
  const last = Math.max(first, nowMs + FUTURE_MS - span)
  const start = Math.min(Math.max(fromMs, first), last)
  return { fromMs: start, toMs: start + span }
}

/** The view with another span, in which `aroundMs` stays where it is. */
export const zoomView = (view: View, factor: number, aroundMs: number, nowMs: number): View => {
  const span = Math.min(Math.max(spanOf(view) * factor, SPAN_MIN_MS), SPAN_MAX_MS)
  const ratio = (aroundMs - view.fromMs) / spanOf(view)
  return clampView(aroundMs - ratio * span, span, nowMs)
}

export const panView = (view: View, byMs: number, nowMs: number): View =>
  clampView(view.fromMs + byMs, spanOf(view), nowMs)
