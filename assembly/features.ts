/**
 * The build without the AAC encoder, for those who push AAC or no sound at all: asconfig's target
 * `video` defines SKYRILL_WITHOUT_AAC, and everything behind this constant falls away.
 */
// @ts-ignore: defined by asc --use
export const HAS_ENCODER: bool = !isDefined(SKYRILL_WITHOUT_AAC);
