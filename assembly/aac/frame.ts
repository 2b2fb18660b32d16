/** Samples per channel of one frame, and lines of its spectrum. Spec: 14496-3 4.5.1.1 */
export const FRAME: i32 = 1024;
/** Lines of a short window. */
export const SHORT: i32 = 128;
export const SHORT_WINDOWS = 8;
/** Eight groups of at most 15 bands: more than the 51 bands of a long window. */
export const MAX_BANDS = 120;

/** window_sequence. Spec: 14496-3 table 4.44 */
export const ONLY_LONG = 0;
export const LONG_START_SEQUENCE = 1;
export const EIGHT_SHORT = 2;
export const LONG_STOP_SEQUENCE = 3;
