/** What a Worker that owns a camera needs: it imports nothing else of the runtime. */
export {
  CAPTURE_AUDIO,
  CAPTURE_CLOSED,
  CAPTURE_FULL,
  CAPTURE_LENGTH,
  CAPTURE_NEED_IDR,
  CAPTURE_OK,
  CAPTURE_VIDEO,
  type CaptureCounters,
  type CaptureKind,
  type CaptureQueue,
  captureCounters,
} from './layout.ts'
export { CaptureWriter } from './writer.ts'
