import type { SliceStore } from '../channel/slices.ts'

/** A store for the uplink: before bytes are let go of, the spool may look whether they are safe. Everything else is the store itself. */
export const guarded = (
  store: SliceStore,
  beforeRelease: (position: number) => void,
): SliceStore => {
  const methods = new Map<PropertyKey, unknown>()
  methods.set('release', (position: number): void => {
    beforeRelease(position)
    store.release(position)
  })
  return new Proxy(store, {
    get(target, key) {
      const known = methods.get(key)
      if (known) return known
      // with the store itself as `this`: its private members are its own
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      const method: unknown = value.bind(target)
      methods.set(key, method)
      return method
    },
  })
}
