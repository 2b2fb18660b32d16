import Hls, {
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
} from 'hls.js/light'
import type { ApiFault } from '../api/request.ts'
import { isWrappedKey, openKey } from '../owner-key.ts'
import { isSigned, type MediaLinks } from './media-links.ts'

/** As a refusal: asking the server again changes nothing. Also its answer to a link that has expired. */
const REFUSED = 403

type LoaderClass = new (config: typeof Hls.DefaultConfig) => Loader<LoaderContext>
const Base = Hls.DefaultConfig.loader as LoaderClass

/**
 * Loads what hls.js asks for. A link that has expired is loaded by a new one, of which hls.js learns nothing: what is
 * buffered stays, and nobody notices. Keys that are wrapped for the owner it gets opened.
 */
export const mediaLoader = (links: MediaLinks): LoaderClass =>
  class extends Base {
    override load(
      context: LoaderContext,
      config: LoaderConfiguration,
      callbacks: LoaderCallbacks<LoaderContext>,
    ): void {
      const usable = isWrappedKey(context.url) ? this.#opened(context.url, callbacks) : callbacks
      if (!isSigned(context.url)) {
        super.load(context, config, usable)
        return
      }
      context.url = links.current(context.url)
      super.load(context, config, {
        ...usable,
        onError: (error, failed, details, stats) => {
          const giveUp = (code = error.code) =>
            usable.onError({ ...error, code }, failed, details, stats)
          if (error.code !== REFUSED) {
            giveUp()
            return
          }
          const loadAgain = (url: string) => {
            if (url === context.url) return giveUp()
            context.url = url
            this.stats.loading.start = 0
            super.load(context, config, usable)
          }
          // without stats it was destroyed meanwhile: nobody waits for it any more
          const unlessGone =
            <Given>(work: (given: Given) => void) =>
            (given: Given) =>
              this.stats && work(given)
          links.renewed(context.url).then(
            unlessGone(loadAgain),
            unlessGone(({ status }: ApiFault) => giveUp(status)),
          )
        },
      })
    }

    #opened(
      url: string,
      callbacks: LoaderCallbacks<LoaderContext>,
    ): LoaderCallbacks<LoaderContext> {
      return {
        ...callbacks,
        onSuccess: (response, stats, loaded, details) => {
          openKey(url, response.data as ArrayBuffer).then(
            (data) => callbacks.onSuccess({ ...response, data }, stats, loaded, details),
            (error: Error) =>
              callbacks.onError({ code: REFUSED, text: error.message }, loaded, details, stats),
          )
        },
      }
    }
  }
