/** The build of hls.js without captions, DRM and the like has the same types as the whole one, but ships without them. */
declare module 'hls.js/light' {
  export * from 'hls.js'
  export { default } from 'hls.js'
}
