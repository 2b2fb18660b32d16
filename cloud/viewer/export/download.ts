import { h } from '../ui/dom.ts'

/** Hands a file to the browser's downloads. */
export const download = (url: string, name: string): void => {
  const link = h('a', { href: url, download: name, hidden: true })
  document.body.append(link)
  link.click()
  link.remove()
}

/** `front-door 2026-11-24 14-03-09.mp4`: what file systems take, and sorts by time. */
export const clipName = (title: string, isoText: string): string =>
  `${title} ${isoText.replace('T', ' ')}`
    .replaceAll(/[^\p{L}\p{N} ._-]+/gu, '-')
    .slice(0, 80)
    .concat('.mp4')
