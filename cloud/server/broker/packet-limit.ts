/** Most bytes that the remaining length of an MQTT packet has (MQTT 3.1.1, 2.2.3). */
const LENGTH_BYTES_MAX = 4

/**
 * Follows the fixed headers of an MQTT stream and tells when a packet says that it is longer than allowed: a parser
 * would otherwise collect up to 256 MiB before anyone has logged in.
 */
export class PacketLimit {
  #state: 'type' | 'length' | 'body' = 'type'
  #length = 0
  #lengthBytes = 0

  constructor(private readonly maxBytes: number) {}

  /** False when the stream must be ended. */
  accepts(chunk: Uint8Array): boolean {
    let at = 0
    while (at < chunk.length) {
      if (this.#state === 'type') {
        at++
        this.#state = 'length'
        this.#length = 0
        this.#lengthBytes = 0
      } else if (this.#state === 'length') {
        const byte = chunk[at++]!
        this.#length += (byte & 0x7f) * 128 ** this.#lengthBytes++
        if (this.#length > this.maxBytes) return false
        if ((byte & 0x80) === 0) this.#state = this.#length === 0 ? 'type' : 'body'
        else if (this.#lengthBytes === LENGTH_BYTES_MAX) return false
      } else {
        const taken = Math.min(this.#length, chunk.length - at)
        at += taken
        this.#length -= taken
        if (this.#length === 0) this.#state = 'type'
      }
    }
    return true
  }
}
