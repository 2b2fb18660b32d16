/** profile_tier_level(). Spec: H.265 7.3.3 */
import { readBits, readFlag, skipBits } from '../bits/reader';

/** general_* fields, as hvcC repeats them. */
@unmanaged
export class ProfileTierLevel {
  profileSpace: i32;
  tier: i32;
  profileIdc: i32;
  compatibility: u32; // general_profile_compatibility_flag[0..31], flag 0 in the top bit
  constraintsHigh: u32; // the 48 bits from general_progressive_source_flag on: first 32
  constraintsLow: u32; // and last 16
  levelIdc: i32;
}

export function readProfileTierLevel(ptl: ProfileTierLevel, maxSubLayersMinus1: i32): void {
  ptl.profileSpace = readBits(2);
  ptl.tier = readBits(1);
  ptl.profileIdc = readBits(5);
  ptl.compatibility = readBits(32);
  ptl.constraintsHigh = readBits(32);
  ptl.constraintsLow = readBits(16);
  ptl.levelIdc = readBits(8);
  let profiles: i32 = 0; // sub_layer_profile_present_flag, a bit each
  let levels: i32 = 0; // sub_layer_level_present_flag
  for (let i: i32 = 0; i < maxSubLayersMinus1; i++) {
    if (readFlag()) profiles |= 1 << i;
    if (readFlag()) levels |= 1 << i;
  }
  if (maxSubLayersMinus1 > 0) skipBits(2 * (8 - maxSubLayersMinus1)); // reserved_zero_2bits
  for (let i: i32 = 0; i < maxSubLayersMinus1; i++) {
    if ((profiles & (1 << i)) != 0) skipBits(88);
    if ((levels & (1 << i)) != 0) skipBits(8);
  }
}
