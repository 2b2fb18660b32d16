import { t } from '../i18n/index.ts'
import { KEYS, TIMELINE_KEYS } from '../keys.ts'
import { openDialog } from '../ui/dialog.ts'
import { h } from '../ui/dom.ts'

const NAMES: Record<string, string> = { ArrowLeft: '←', ArrowRight: '→' }

const nameOf = (key: string): string => (key === ' ' ? t('key.space') : (NAMES[key] ?? key))

const table = (rows: readonly { keys: readonly string[]; text: Parameters<typeof t>[0] }[]) =>
  h(
    'dl',
    { class: 'keys' },
    ...rows.flatMap(({ keys, text }) => [
      h('dt', {}, ...keys.map((key) => h('kbd', {}, nameOf(key)))),
      h('dd', {}, t(text)),
    ]),
  )

export const openHelp = (): void => {
  openDialog('help', t('help.title'), [
    table(KEYS),
    h('h3', {}, t('help.timeline')),
    table(TIMELINE_KEYS),
    h('p', { class: 'hint' }, t('help.pointer')),
  ])
}
