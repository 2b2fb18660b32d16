/** The element of the page with this id. A page and a script that do not fit are a fault of the build. */
export const byId = <Type extends HTMLElement>(id: string): Type => {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element as Type
}
