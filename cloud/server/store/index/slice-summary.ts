/** What `summary-migration.ts` has written into the schema. */

/** Slices are summed up by the six hours in which they start: a month is 120 rows, and a row is small enough to be written often. */
export const BUCKET_MS = 21_600_000

/** Recordings that lie at most this far apart are one span of the summary. */
export const SPAN_GAP_MS = 500
