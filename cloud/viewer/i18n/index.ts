import { en } from './en.ts'
import { zh } from './zh.ts'

export type TextKey = keyof typeof en

const KEY = 'skyrill-language'

/** Languages of the page, each named in itself; `locale` is how dates are written. */
export const LANGUAGES = [
  { tag: 'en', name: 'English', locale: 'en-GB', texts: en },
  { tag: 'zh', name: '中文', locale: 'zh-CN', texts: zh },
] as const
export type Language = (typeof LANGUAGES)[number]['tag']

const known = (tag: string | null | undefined) =>
  LANGUAGES.find((one) => tag?.toLowerCase().split('-')[0] === one.tag)

const chosen =
  known(localStorage.getItem(KEY)) ?? navigator.languages.map(known).find(Boolean) ?? LANGUAGES[0]

export const language = (): Language => chosen.tag
export const locale = (): string => chosen.locale

/** The page is drawn once in its language: another one begins anew, at the same camera and moment. */
export const setLanguage = (tag: Language): void => {
  localStorage.setItem(KEY, tag)
  location.reload()
}

/** Text in the person's language; `{name}` in it is replaced by the value of that name. */
export const t = (key: TextKey, values: Record<string, string | number> = {}): string =>
  chosen.texts[key].replaceAll(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all))

/** Fills in the page's own texts: `data-t` names an element's text, `data-label` its accessible name. */
export const translatePage = (): void => {
  document.documentElement.lang = chosen.locale
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]'))
    element.textContent = t(element.dataset.t as TextKey)
  for (const element of document.querySelectorAll<HTMLElement>('[data-label]')) {
    const text = t(element.dataset.label as TextKey)
    element.setAttribute('aria-label', text)
    if (element instanceof HTMLButtonElement) element.title = text
  }
}
