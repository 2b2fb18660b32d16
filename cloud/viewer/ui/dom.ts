/** The element of the page with this id. A page and a script that do not fit are a fault of the build. */
export const byId = <Type extends HTMLElement>(id: string): Type => {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element as Type
}

type Value = string | number | boolean | null | undefined | ((event: Event) => void)
export type Child = Node | string | null | undefined | false

const apply = (element: Element, attributes: Record<string, Value>): void => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : String(value))
  }
}

/**
 * Makes an element: attributes by their HTML names, listeners as `onclick` and so on. What comes from devices, events and
 * people is only ever a text node, so nothing of it can become markup.
 */
export const h = <Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, Value> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] => {
  const element = document.createElement(tag)
  apply(element, attributes)
  element.append(...children.filter((child) => typeof child === 'string' || child instanceof Node))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** A picture of the sprite in index.html. It has no name of its own: what carries it has one. */
export const icon = (name: string): SVGSVGElement => {
  const svg = document.createElementNS(SVG, 'svg')
  apply(svg, { class: 'icon', 'aria-hidden': 'true' })
  const use = document.createElementNS(SVG, 'use')
  use.setAttribute('href', `#i-${name}`)
  svg.append(use)
  return svg
}

/** Changes the picture of a button that has one. */
export const setIcon = (element: Element, name: string): void => {
  element.querySelector('use')?.setAttribute('href', `#i-${name}`)
}
