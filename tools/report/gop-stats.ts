/** Sizes and lengths of the groups of pictures of one track, as they go by: nothing is kept per picture. */
export class GopStats {
  gops = 0
  pictures = 0
  keyPictures = 0
  bytes = 0
  maxGopBytes = 0
  maxGopPictures = 0
  minGopPictures = 0
  maxKeyBytes = 0
  maxPictureBytes = 0
  /** the longest GOP, from its key picture to the next one or the end */
  maxGopMs = 0
  #openPictures = 0
  #openBytes = 0
  #openStartMs = 0

  add(key: boolean, bytes: number, timeMs: number): void {
    if (key || this.pictures === 0) {
      this.#close(timeMs)
      this.#openStartMs = timeMs
    }
    this.pictures++
    this.bytes += bytes
    this.#openPictures++
    this.#openBytes += bytes
    this.maxPictureBytes = Math.max(this.maxPictureBytes, bytes)
    if (key) {
      this.keyPictures++
      this.maxKeyBytes = Math.max(this.maxKeyBytes, bytes)
    }
  }

  /** @param endMs end of the last picture */
  finish(endMs: number): void {
    this.#close(endMs)
  }

  #close(timeMs: number): void {
    if (this.#openPictures === 0) return
    this.gops++
    this.maxGopBytes = Math.max(this.maxGopBytes, this.#openBytes)
    this.maxGopPictures = Math.max(this.maxGopPictures, this.#openPictures)
    this.minGopPictures =
      this.gops === 1 ? this.#openPictures : Math.min(this.minGopPictures, this.#openPictures)
    this.maxGopMs = Math.max(this.maxGopMs, timeMs - this.#openStartMs)
    this.#openPictures = 0
    this.#openBytes = 0
  }
}
