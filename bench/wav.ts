/** Samples of a 16-bit PCM WAV file. */
export const readWav = (
  file: Uint8Array,
): { rate: number; channels: number; samples: Uint8Array } => {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let rate = 0
  let channels = 0
  // RIFF chunks: four letters, length, content padded to an even length
  for (let at = 12; at + 8 <= file.length; ) {
    const name = String.fromCharCode(...file.subarray(at, at + 4))
    const length = view.getUint32(at + 4, true)
    if (name === 'fmt ') {
      channels = view.getUint16(at + 10, true)
      rate = view.getUint32(at + 12, true)
      if (view.getUint16(at + 22, true) !== 16) throw new Error('WAV: only 16-bit samples')
    }
    if (name === 'data') return { rate, channels, samples: file.subarray(at + 8, at + 8 + length) }
    at += 8 + length + (length & 1)
  }
  throw new Error('WAV: no data chunk')
}
