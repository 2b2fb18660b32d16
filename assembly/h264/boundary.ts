/** Does a slice belong to the picture of the slice before it? Spec: H.264 7.4.1.2.4 */
import { NAL_IDR } from './nal-type';
import { SliceHeader } from './slice-header';

/** True when one of the clause's fields differs: the slice begins a new primary coded picture. */
export function beginsPicture(before: SliceHeader, slice: SliceHeader): bool {
  return (
    before.frameNum != slice.frameNum ||
    before.ppsId != slice.ppsId ||
    before.fieldPic != slice.fieldPic ||
    before.bottomField != slice.bottomField ||
    (before.nalRefIdc == 0) != (slice.nalRefIdc == 0) ||
    (before.nalType == NAL_IDR) != (slice.nalType == NAL_IDR) ||
    before.idrPicId != slice.idrPicId ||
    before.picOrderCntLsb != slice.picOrderCntLsb ||
    before.deltaBottom != slice.deltaBottom ||
    before.delta0 != slice.delta0 ||
    before.delta1 != slice.delta1
  );
}

/**
 * The other field of the same frame: both fields in one push are one access unit of this core.
 * Spec: H.264 3.30
 */
export function isSecondField(first: SliceHeader, slice: SliceHeader): bool {
  return (
    first.fieldPic != 0 && slice.fieldPic != 0 && first.bottomField != slice.bottomField && first.frameNum == slice.frameNum &&
    slice.nalType != NAL_IDR
  );
}
