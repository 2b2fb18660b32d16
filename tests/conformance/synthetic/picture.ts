/** Samples of a moving test picture: a gradient with a bright block that walks through it. */

export type Block = { luma: Uint8Array; cb: Uint8Array; cr: Uint8Array }

/** 4:2:0 samples of the square block of `size` luma samples at (x, y), in picture `index`. Values stay in 1..254. */
export const block = (
  size: number,
  x: number,
  y: number,
  index: number,
  bright: boolean,
): Block => {
  const half = size / 2
  const luma = new Uint8Array(size * size)
  for (let row = 0; row < size; row++)
    for (let column = 0; column < size; column++)
      luma[row * size + column] = bright
        ? 200 + ((row ^ column) & 31)
        : 40 + ((x + column + 2 * (y + row) + index) % 120)
  const cb = new Uint8Array(half * half).fill(96 + (x % 64))
  const cr = new Uint8Array(half * half).fill(bright ? 180 : 100 + (y % 48))
  return { luma, cb, cr }
}
