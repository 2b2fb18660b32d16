/** Sample entries. Spec: 14496-12 12.1.3, 12.2.3; 14496-15 5.4.2, 8.4.1; 14496-14 6.7.2 */
import { isH265 } from '../config';
import { currentSps as currentH264Sps } from '../h264/access-unit';
import { currentSps as currentH265Sps } from '../h265/access-unit';
import { put16, put32, putZeros } from '../mem/sink';
import { height, width } from '../video/format';
import { writeAvcc } from './avcc';
import { close, full, open } from './box';
import { writeEsds } from './esds';
import { AVC1, AVCC, ESDS, HVC1, HVCC, MP4A, PASP } from './fourcc';
import { writeHvcc } from './hvcc';

const DPI_72: u32 = 0x00480000;

/** Pixel aspect ratio, when the SPS names one. Spec: 14496-12 12.1.4.2 */
function writePasp(): void {
  const wide = isH265() ? currentH265Sps().sarWidth : currentH264Sps().sarWidth;
  const high = isH265() ? currentH265Sps().sarHeight : currentH264Sps().sarHeight;
  if (wide == 0 || high == 0) return;
  open(PASP); {
    put32(wide); // hSpacing
    put32(high); // vSpacing
  } close();
}

export function writeVideoEntry(): void {
  open(isH265() ? HVC1 : AVC1); {
    putZeros(6); // reserved
    put16(1); // data_reference_index
    putZeros(16); // pre_defined, reserved
    put16(width);
    put16(height);
    put32(DPI_72); // horizresolution
    put32(DPI_72); // vertresolution
    put32(0); // reserved
    put16(1); // frame_count
    putZeros(32); // compressorname
    put16(0x18); // depth: colour without alpha
    put16(0xffff); // pre_defined
    open(isH265() ? HVCC : AVCC); {
      if (isH265()) writeHvcc();
      else writeAvcc();
    } close();
    writePasp();
  } close();
}

export function writeAudioEntry(rate: i32, channels: i32): void {
  open(MP4A); {
    putZeros(6); // reserved
    put16(1); // data_reference_index
    putZeros(8); // reserved
    put16(channels); // channelcount
    put16(16); // samplesize
    put32(0); // pre_defined, reserved
    // samplerate 16.16; 96 kHz does not fit and readers take the AudioSpecificConfig's
    put32(rate << 16);
    full(ESDS, 0, 0); {
      writeEsds(rate, channels);
    } close();
  } close();
}
