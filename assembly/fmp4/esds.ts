/** ES descriptor of AAC-LC. Spec: 14496-14 6.7.2, 14496-1 7.2.6 */
import { frequencyIndex } from '../audio/sampling-frequency';
import { put16, put24, put32, put8 } from '../mem/sink';

const TAG_ES: u32 = 3; // ES_DescrTag
const TAG_DECODER_CONFIG: u32 = 4;
const TAG_SPECIFIC_INFO: u32 = 5;
const TAG_SL_CONFIG: u32 = 6;

const SPECIFIC_INFO_BYTES: u32 = 2;
const DECODER_CONFIG_BYTES: u32 = 13 + 2 + SPECIFIC_INFO_BYTES;
const SL_CONFIG_BYTES: u32 = 1;
const ES_BYTES: u32 = 3 + 2 + DECODER_CONFIG_BYTES + 2 + SL_CONFIG_BYTES;

const AAC_LC: u32 = 2; // audio object type

/** AudioSpecificConfig with GASpecificConfig. Spec: 14496-3 1.6.2.1, 4.4.1 */
export function audioSpecificConfig(rate: i32, channels: i32): u32 {
  // audioObjectType(5), samplingFrequencyIndex(4), channelConfiguration(4), frameLengthFlag,
  // dependsOnCoreCoder, extensionFlag
  return (AAC_LC << 11) | (<u32>frequencyIndex(rate) << 7) | (<u32>channels << 3);
}

export function writeEsds(rate: i32, channels: i32): void {
  put8(TAG_ES);
  put8(ES_BYTES);
  put16(0); // ES_ID: 0 in a file
  put8(0); // streamDependenceFlag, URL_Flag, OCRstreamFlag, streamPriority
  put8(TAG_DECODER_CONFIG);
  put8(DECODER_CONFIG_BYTES);
  put8(0x40); // objectTypeIndication: Audio ISO/IEC 14496-3
  put8(0x15); // streamType(6) = audio, upStream, reserved
  put24(768 * channels); // bufferSizeDB: 6144 bits a channel
  put32(0); // maxBitrate: not known while recording
  put32(0); // avgBitrate: variable
  put8(TAG_SPECIFIC_INFO);
  put8(SPECIFIC_INFO_BYTES);
  put16(audioSpecificConfig(rate, channels));
  put8(TAG_SL_CONFIG);
  put8(SL_CONFIG_BYTES);
  put8(2); // predefined: MP4
}
