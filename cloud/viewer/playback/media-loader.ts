import Hls, {
  type Loader,
  type LoaderCallbacks,
  type LoaderConfiguration,
  type LoaderContext,
} from 'hls.js/light'
import { isWrappedKey, openKey } from '../owner-key.ts'

/** As a refusal: asking the server again changes nothing. */
const REFUSED = 403

const Base = Hls.DefaultConfig.loader as new (
  config: typeof Hls.DefaultConfig,
) => Loader<LoaderContext>

/** Loads what hls.js asks for; keys that are wrapped for the owner it gets opened. */
export class KeyLoader extends Base {
  override load(
    context: LoaderContext,
    config: LoaderConfiguration,
    callbacks: LoaderCallbacks<LoaderContext>,
  ): void {
    if (!isWrappedKey(context.url)) {
      super.load(context, config, callbacks)
      return
    }
    super.load(context, config, {
      ...callbacks,
      onSuccess: (response, stats, loaded, details) => {
        openKey(context.url, response.data as ArrayBuffer).then(
          (data) => callbacks.onSuccess({ ...response, data }, stats, loaded, details),
          (error: Error) =>
            callbacks.onError({ code: REFUSED, text: error.message }, loaded, details, stats),
        )
      },
    })
  }
}
