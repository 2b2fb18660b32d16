import { onTheme } from '../ui/theme.ts'

const NAMES = [
  'panel',
  'lane',
  'line',
  'text',
  'dim',
  'accent',
  'on-accent',
  'recorded',
  'event',
  'lost',
  'live',
] as const
export type Colour = (typeof NAMES)[number]
export type Palette = Record<Colour, string>

let known: Palette | undefined
onTheme(() => {
  known = undefined
})

/** The style sheet's colours for what is drawn on a canvas; read once for each theme. */
export const palette = (): Palette => {
  if (known) return known
  const style = getComputedStyle(document.documentElement)
  const entries = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])
  known = Object.fromEntries(entries) as Palette
  return known
}
