/** Where a host that has no memory of its own in the instance puts an audio push. */
import { AUDIO_INPUT_BYTES } from '../abi';

// aac_frame_length has 13 bits; 1024 stereo samples of PCM are 4096 bytes
const BUFFER = memory.data(AUDIO_INPUT_BYTES, 16);

export function audioInputAddress(): usize {
  return BUFFER;
}
