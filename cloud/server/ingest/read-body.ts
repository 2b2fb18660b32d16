import { ApiError, badRequest } from '../errors.ts'

const tooLarge = (maxBytes: number) =>
  new ApiError(413, 'too_large', `an append has at most ${maxBytes} bytes; send smaller ones`)

/** The body as bytes; longer ones are refused before they are read, or while they are when they did not say so. */
export const readBody = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const declared = request.headers.get('Content-Length')
  if (declared !== null && Number(declared) > maxBytes) throw tooLarge(maxBytes)
  try {
    if (declared !== null) return new Uint8Array(await request.arrayBuffer())
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of request.body ?? []) {
      bytes += chunk.length
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch (error) {
    if (error instanceof ApiError) throw error
    throw badRequest('the body ended early')
  }
}
