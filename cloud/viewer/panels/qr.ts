import { encode } from 'uqr'

const SVG = 'http://www.w3.org/2000/svg'

/** A QR code as one path of an SVG; it keeps its quiet zone and black on white also in the dark. */
export const qrCode = (text: string, label: string): SVGSVGElement => {
  const { data, size } = encode(text, { ecc: 'M', border: 2 })
  const svg = document.createElementNS(SVG, 'svg')
  svg.setAttribute('class', 'qr')
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`)
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', label)
  svg.setAttribute('shape-rendering', 'crispEdges')
  const path = document.createElementNS(SVG, 'path')
  const squares = data.flatMap((row, y) =>
    row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : '')),
  )
  path.setAttribute('d', squares.join(''))
  svg.append(path)
  return svg
}
