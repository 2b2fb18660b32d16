import type { Session } from '../api/api.ts'
import { LANGUAGES, language, setLanguage, t } from '../i18n/index.ts'
import { keepZoneChoice, ZONE_CHOICES, type ZoneChoice, zoneChoice } from '../settings.ts'
import { BROWSER_ZONE } from '../time.ts'
import { field, openDialog } from '../ui/dialog.ts'
import { h } from '../ui/dom.ts'
import { setTheme, THEMES, theme } from '../ui/theme.ts'

const choice = <Value extends string>(
  values: readonly (readonly [Value, string])[],
  current: Value,
  changed: (value: Value) => void,
): HTMLSelectElement => {
  const select = h(
    'select',
    {},
    ...values.map(([value, text]) => h('option', { value, selected: value === current }, text)),
  )
  select.addEventListener('change', () => changed(select.value as Value))
  return select
}

export type SettingsOptions = {
  session: Session
  /** zone of the chosen camera */
  cameraZone: string | undefined
  zoneChanged(): void
  logout(): void
  /** rows of other parts, such as notifications */
  more: readonly (HTMLElement | undefined)[]
}

export const openSettings = (options: SettingsOptions): void => {
  const { session, cameraZone } = options
  const zoneTexts: Record<ZoneChoice, string> = {
    browser: t('zone.browser', { zone: BROWSER_ZONE }),
    camera: cameraZone ? t('zone.camera', { zone: cameraZone }) : t('zone.camera-none'),
    utc: 'UTC',
  }
  const languages = LANGUAGES.map(({ tag, name }) => [tag, name] as const)
  const logout = h(
    'button',
    { type: 'button', class: 'button', onclick: options.logout },
    t('logout'),
  )
  openDialog('settings', t('settings.title'), [
    h(
      'div',
      { class: 'form-rows' },
      field(t('settings.language'), choice(languages, language(), setLanguage)),
      field(
        t('settings.theme'),
        choice(
          THEMES.map((name) => [name, t(`theme.${name}`)] as const),
          theme(),
          setTheme,
        ),
      ),
      field(
        t('settings.zone'),
        choice(
          ZONE_CHOICES.map((name) => [name, zoneTexts[name]] as const),
          zoneChoice(),
          (value) => {
            keepZoneChoice(value)
            options.zoneChanged()
          },
        ),
        t('settings.zone-help'),
      ),
      ...options.more,
    ),
    h(
      'footer',
      { class: 'sheet-foot' },
      h(
        'span',
        { class: 'hint' },
        t('settings.session', {
          name: session.name ?? t('session.token'),
          role: t(`role.${session.role}`),
        }),
      ),
      h('span', { class: 'spacer' }),
      logout,
    ),
  ])
}
