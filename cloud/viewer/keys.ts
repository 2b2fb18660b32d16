import type { TextKey } from './i18n/index.ts'

export type Command =
  | 'toggle'
  | 'live'
  | 'back'
  | 'forward'
  | 'frameBack'
  | 'frameNext'
  | 'eventBefore'
  | 'eventAfter'
  | 'slower'
  | 'faster'
  | 'sound'
  | 'full'
  | 'select'
  | 'help'

/** Keys of the whole page: what they do, and how the help sheet says it. */
export const KEYS: readonly { keys: readonly string[]; command: Command; text: TextKey }[] = [
  { keys: [' ', 'k'], command: 'toggle', text: 'key.toggle' },
  { keys: ['ArrowLeft', 'j'], command: 'back', text: 'key.back' },
  { keys: ['ArrowRight'], command: 'forward', text: 'key.forward' },
  { keys: [','], command: 'frameBack', text: 'key.frame-back' },
  { keys: ['.'], command: 'frameNext', text: 'key.frame-next' },
  { keys: ['p'], command: 'eventBefore', text: 'key.event-before' },
  { keys: ['n'], command: 'eventAfter', text: 'key.event-after' },
  { keys: ['<', '['], command: 'slower', text: 'key.slower' },
  { keys: ['>', ']'], command: 'faster', text: 'key.faster' },
  { keys: ['l'], command: 'live', text: 'key.live' },
  { keys: ['m'], command: 'sound', text: 'key.sound' },
  { keys: ['f'], command: 'full', text: 'key.full' },
  { keys: ['s'], command: 'select', text: 'key.select' },
  { keys: ['?'], command: 'help', text: 'key.help' },
]

/** Keys of the time line while it has the focus. */
export const TIMELINE_KEYS: readonly { keys: readonly string[]; text: TextKey }[] = [
  { keys: ['←', '→'], text: 'key.line.step' },
  { keys: ['Shift ←', 'Shift →'], text: 'key.line.minute' },
  { keys: ['Page Up', 'Page Down'], text: 'key.line.page' },
  { keys: ['Enter'], text: 'key.line.play' },
  { keys: ['+', '−'], text: 'key.line.zoom' },
]

/** Elements that have keys of their own. */
const OWN_KEYS = 'input, select, textarea, dialog, [contenteditable]'

/** Calls the command of a key, except where a control has its own use for it. */
export const listenToKeys = (run: (command: Command) => void): void => {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    const target = event.target as HTMLElement
    if (target.closest(OWN_KEYS)) return
    // a button is pressed by Space and Enter; every other key goes on to the page
    if (event.key === ' ' && target.closest('button, a')) return
    const known = KEYS.find(({ keys }) => keys.includes(event.key))
    if (!known) return
    event.preventDefault()
    run(known.command)
  })
}
