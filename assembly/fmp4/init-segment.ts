/**
 * Init segment. Spec: 14496-12 8.16.2 and the clause at each box
 * ```
 * ftyp
 * moov
 *   mvhd
 *   trak (video)  tkhd · mdia > mdhd · hdlr · minf > vmhd · dinf > dref > url · stbl > stsd > avc1|hvc1, stts, stsc, stsz, stco
 *   trak (audio)  the same with smhd and mp4a
 *   mvex > trex per track
 * ```
 */
import { openSink, put16, put32, put8, putZeros, sinkFailed, sinkLength } from '../mem/sink';
import { height, width } from '../video/format';
import { close, full, open, resetBoxes } from './box';
import {
  DINF, DREF, FTYP, HDLR, ISO6, MDHD, MDIA, MINF, MOOV, MP41, MVEX, MVHD, SMHD, SOUN, STBL, STCO,
  STSC, STSD, STSZ, STTS, TKHD, TRAK, TREX, URL, VIDE, VMHD,
} from './fourcc';
import { writeAudioEntry, writeVideoEntry } from './sample-entry';

export const VIDEO_TRACK: u32 = 1;
export const AUDIO_TRACK: u32 = 2;
/** PTS ticks, without another rounding. */
export const VIDEO_TIMESCALE: u32 = 90000;
const MOVIE_TIMESCALE: u32 = 1000;

const UNDETERMINED: u32 = 0x55c4; // language 'und', three times 5 bits

function putMatrix(): void {
  put32(0x00010000); // unity matrix
  putZeros(12);
  put32(0x00010000);
  putZeros(12);
  put32(0x40000000);
}

function writeTkhd(track: u32, isVideo: bool): void {
  full(TKHD, 0, 3); {                     // 8.3.2   track_enabled, track_in_movie
    put32(0); // creation_time
    put32(0); // modification_time
    put32(track); // track_ID
    put32(0); // reserved
    put32(0); // duration: in the fragments
    putZeros(8); // reserved
    put16(0); // layer
    put16(isVideo ? 0 : 1); // alternate_group
    put16(isVideo ? 0 : 0x0100); // volume
    put16(0); // reserved
    putMatrix();
    put32(isVideo ? width << 16 : 0);
    put32(isVideo ? height << 16 : 0);
  } close();
}

function writeHdlr(type: u32): void {
  full(HDLR, 0, 0); {                     // 8.4.3
    put32(0); // pre_defined
    put32(type); // handler_type
    putZeros(12); // reserved
    put8(0); // name
  } close();
}

/** Empty tables: all samples are in fragments. */
function writeTables(): void {
  full(STTS, 0, 0); { put32(0); } close(); // 8.6.1.2
  full(STSC, 0, 0); { put32(0); } close(); // 8.7.4
  full(STSZ, 0, 0); { put32(0); put32(0); } close(); // 8.7.3.2
  full(STCO, 0, 0); { put32(0); } close(); // 8.7.5
}

function writeMediaHeader(isVideo: bool): void {
  if (isVideo) {
    full(VMHD, 0, 1); { putZeros(8); } close(); // 12.1.2   graphicsmode, opcolor
  } else {
    full(SMHD, 0, 0); { put32(0); } close(); // 12.2.2   balance, reserved
  }
}

function writeTrak(track: u32, timescale: u32, isVideo: bool, channels: i32): void {
  open(TRAK); {                           // 8.3.1
    writeTkhd(track, isVideo);
    open(MDIA); {                         // 8.4.1
      full(MDHD, 0, 0); {                 // 8.4.2
        put32(0); // creation_time
        put32(0); // modification_time
        put32(timescale);
        put32(0); // duration
        put16(UNDETERMINED); // pad, language
        put16(0); // pre_defined
      } close();
      writeHdlr(isVideo ? VIDE : SOUN);
      open(MINF); {                       // 8.4.4
        writeMediaHeader(isVideo);
        open(DINF); {                     // 8.7.1
          full(DREF, 0, 0); {             // 8.7.2
            put32(1); // entry_count
            full(URL, 0, 1); close(); // media data is in this file
          } close();
        } close();
        open(STBL); {                     // 8.5.1
          full(STSD, 0, 0); {             // 8.5.2
            put32(1); // entry_count
            if (isVideo) writeVideoEntry();
            else writeAudioEntry(timescale, channels);
          } close();
          writeTables();
        } close();
      } close();
    } close();
  } close();
}

function writeTrex(track: u32): void {
  full(TREX, 0, 0); {                     // 8.8.3
    put32(track); // track_ID
    put32(1); // default_sample_description_index
    put32(0); // default_sample_duration
    put32(0); // default_sample_size
    put32(0); // default_sample_flags
  } close();
}

/**
 * Writes it to `at`; rate 0 leaves the audio track out. Returns its length, or -1 when `room` is
 * too small.
 */
export function writeInitSegment(at: usize, room: i32, video: bool, rate: i32, channels: i32): i32 {
  openSink(at, room);
  resetBoxes();
  open(FTYP); {                           // 4.3
    put32(ISO6); // major_brand: default-base-is-moof, prft
    put32(0); // minor_version
    put32(ISO6);
    put32(MP41);
  } close();
  open(MOOV); {                           // 8.2.1
    full(MVHD, 0, 0); {                   // 8.2.2
      put32(0); // creation_time
      put32(0); // modification_time
      put32(MOVIE_TIMESCALE);
      put32(0); // duration
      put32(0x00010000); // rate
      put16(0x0100); // volume
      putZeros(10); // reserved
      putMatrix();
      putZeros(24); // pre_defined
      put32(AUDIO_TRACK + 1); // next_track_ID
    } close();
    if (video) writeTrak(VIDEO_TRACK, VIDEO_TIMESCALE, true, 0);
    if (rate != 0) writeTrak(AUDIO_TRACK, rate, false, channels);
    open(MVEX); {                         // 8.8.1
      if (video) writeTrex(VIDEO_TRACK);
      if (rate != 0) writeTrex(AUDIO_TRACK);
    } close();
  } close();
  return sinkFailed ? -1 : sinkLength;
}
