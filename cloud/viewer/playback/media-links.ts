/** Parameter of a link's signature. */
const SIGNATURE = 'm'
/** A link in a playlist: in a line of its own, or as an attribute. */
const LINKS = /^[^#\s]\S*|URI="([^"]+)"/gm

const queryOf = (url: string): string => {
  const at = url.indexOf('?')
  return at < 0 ? '' : url.slice(at)
}

/** Whether this is a link to media that expires. */
export const isSigned = (url: string): boolean => new URLSearchParams(queryOf(url)).has(SIGNATURE)

/**
 * Links to media hold for an hour or two, playback may take longer: a person pauses, a laptop sleeps. One signature holds
 * for all media of a playlist, so those of a new playlist serve the links of the old one.
 */
export class MediaLinks {
  #query = ''
  #renewing: Promise<void> | undefined

  /** @param fetchPlaylist the playlist that plays, as it is now */
  constructor(private readonly fetchPlaylist: () => Promise<string>) {}

  /** The link with the newest signature that is known. */
  current(url: string): string {
    return this.#query === '' ? url : url.replace(queryOf(url), this.#query)
  }

  /** The link with a signature that is newer than that of this one, which was refused; itself when there is none. */
  async renewed(url: string): Promise<string> {
    // many links expire at once: one new playlist is enough for them
    if (this.current(url) === url) {
      this.#renewing ??= this.#renew().finally(() => {
        this.#renewing = undefined
      })
      await this.#renewing
    }
    return this.current(url)
  }

  async #renew(): Promise<void> {
    for (const [line, attribute] of (await this.fetchPlaylist()).matchAll(LINKS)) {
      const link = attribute ?? line
      if (isSigned(link)) this.#query = queryOf(link)
    }
  }
}
