import { getSession, login, type Session } from '../api/api.ts'
import { ApiFault } from '../api/request.ts'
import { t } from '../i18n/index.ts'
import { field } from '../ui/dialog.ts'
import { h } from '../ui/dom.ts'
import { faultText } from '../ui/notice.ts'

const form = (entered: (session: Session) => void): HTMLFormElement => {
  const name = h('input', {
    name: 'name',
    autocomplete: 'username',
    required: true,
    autofocus: true,
  })
  const password = h('input', {
    ...{ name: 'password', type: 'password', autocomplete: 'current-password', required: true },
  })
  const token = h('input', {
    ...{
      name: 'token',
      type: 'password',
      autocomplete: 'off',
      spellcheck: 'false',
      disabled: true,
    },
  })
  const fault = h('p', { class: 'form-fault', role: 'alert' })
  const button = h('button', { class: 'button primary wide' }, t('login.enter'))
  const byName = h(
    'div',
    { class: 'form-rows' },
    field(t('login.name'), name),
    field(t('login.password'), password),
  )
  const byToken = h(
    'div',
    { class: 'form-rows', hidden: true },
    field(t('login.token'), token, t('login.token-help')),
  )
  const other = h('button', { type: 'button', class: 'link' }, t('login.by-token'))
  other.addEventListener('click', () => {
    const isToken = !byToken.hidden
    byToken.hidden = isToken
    byName.hidden = !isToken
    token.disabled = isToken
    token.required = !isToken
    for (const input of [name, password]) input.disabled = !isToken
    other.textContent = isToken ? t('login.by-token') : t('login.by-name')
    ;(isToken ? name : token).focus()
  })
  const element = h('form', { class: 'login-form' }, byName, byToken, fault, button, other)
  element.addEventListener('submit', async (event) => {
    event.preventDefault()
    button.disabled = true
    fault.textContent = ''
    try {
      const given = byToken.hidden
        ? { name: name.value, password: password.value }
        : { token: token.value.trim() }
      entered(await login(given))
    } catch (error) {
      fault.textContent =
        error instanceof ApiFault && [400, 401].includes(error.status)
          ? t(byToken.hidden ? 'login.wrong' : 'login.wrong-token')
          : faultText(error)
      button.disabled = false
    }
  })
  return element
}

/** Who is logged in; asks who is there until somebody is. `isDenied`: the address had a token that is not valid. */
export const enter = async (isDenied: boolean): Promise<Session> => {
  const known = await getSession().catch((error) => {
    if (error instanceof ApiFault && error.status === 401) return undefined
    throw error
  })
  if (known && !isDenied) return known
  return new Promise((resolve) => {
    const page = h(
      'div',
      { class: 'login' },
      h('img', { src: '/icon.svg', alt: '', width: 56, height: 56 }),
      h('h2', {}, t('login.title')),
      h(
        'p',
        { class: 'hint', role: isDenied ? 'alert' : false },
        isDenied ? t('login.denied') : t('login.hint'),
      ),
      form((session) => {
        page.remove()
        document.body.classList.remove('locked')
        resolve(session)
      }),
    )
    document.body.classList.add('locked')
    document.body.append(page)
    page.querySelector('input')?.focus()
  })
}
