const KEY = 'skyrill-theme'
export const THEMES = ['auto', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

export const theme = (): Theme => {
  const kept = localStorage.getItem(KEY)
  return THEMES.find((name) => name === kept) ?? 'auto'
}

const listeners: (() => void)[] = []
const dark = matchMedia('(prefers-color-scheme: dark)')

/** The theme in use is an attribute: the style sheet has one block for each, and `auto` follows the system. */
const apply = (): void => {
  const chosen = theme()
  document.documentElement.dataset.theme =
    chosen === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen
  for (const listener of listeners) listener()
}

export const setTheme = (next: Theme): void => {
  localStorage.setItem(KEY, next)
  apply()
}

/** What is drawn on a canvas must be drawn again when the colours change. */
export const onTheme = (listener: () => void): void => {
  listeners.push(listener)
}

dark.addEventListener('change', apply)
apply()
