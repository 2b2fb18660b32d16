// One frame in, one raw_data_block out: the stages in their order.
//
//   block ─ block-switch ─ window, mdct ─ psy ─ tns ─ mid-side ─ candidates ─┬ trellis ─ pns ─ quantize ─ sections ─ count ┐
//                                                                           └──────── dearer bits until it fits ──────────┴─ write

import { frequencyIndex } from '../audio/sampling-frequency';
import { bandBits, onlyBook } from './band-bits';
import { bandwidth } from './bandwidth';
import { bitTablesInit } from './bit-tables';
import { longBands, longEdge, shortBands, shortEdge } from './bands';
import { switchBlocks, switchInit } from './block-switch';
import { findCandidates } from './candidates';
import { EIGHT_SHORT, FRAME, LONG_START_SEQUENCE, LONG_STOP_SEQUENCE, SHORT, SHORT_WINDOWS } from './frame';
import { NOISE_BOOK } from './huffman';
import { mdct, mdctInit } from './mdct';
import { chooseMidSide } from './mid-side';
import { dropNoise, isNoise, pnsInit, substituteNoise } from './pns';
import { forgetMask, psyInit, psyLong, psyShort, tonality } from './psy';
import { powers34, quantizeBand, quantizeInit } from './quantize';
import { channelBitRate, firstPrice, frameLimit, nextPrice, openRate, spend } from './rate-control';
import { rawDataBlock } from './raw-data-block';
import { chooseBooks } from './sections';
import { groupWindows } from './short-groups';
import {
  BANDS, blockScratch, bookBits, channel, EDGE, GROUPS, INPUT, layout, MAX_SFB, mdctScratch, mdctTable, POWER34, QUANT,
  SCALE_FACTOR, SEQUENCE, SHAPE, SPECTRUM, TNS_ORDER, windowTable
} from './state';
import { shapeNoise, tnsInit } from './tns';
import { chooseScaleFactors } from './trellis';
import { KBD_SHAPE, SINE_SHAPE, windowInit, windowSlope } from './window';

/** Below this tonality there is nothing that KBD's better rejection of far lines would help; sine resolves near ones better. */
const KBD_TONALITY: f32 = 0.3;

/** First sample of the first short window. Spec: 14496-3 4.6.11.3.2 */
const FIRST_SHORT = 448;

/** Tries at a fitting price before everything is left out. */
const TRIES = 16;
/** A price at which nothing is worth its bits. */
const PROHIBITIVE: f32 = 1e6;

let index = 0;
let channels = 0;
let maxLong = 0; // bands below the bandwidth
let maxShort = 0;
let started = false;
let nextShape = SINE_SHAPE;

export function openEncoder(base: usize, rate: i32, channelCount: i32, bitRate: i32): void {
  memory.fill(base, 0, layout(base, channelCount));
  index = frequencyIndex(rate);
  channels = channelCount;
  started = false;
  windowInit(windowTable);
  mdctInit(mdctTable, mdctScratch);
  quantizeInit();
  bitTablesInit();
  psyInit(index, rate);
  tnsInit(rate);
  pnsInit(rate);
  switchInit(channels);
  openRate(rate, channels, bitRate);
  for (let c = 0; c < channels; c++) forgetMask(channel(c));
  const hz = bandwidth(rate, channelBitRate(rate, channels));
  maxLong = 0;
  while (maxLong < longBands(index) && longEdge(index, maxLong) * rate < hz * 2 * FRAME) maxLong++;
  maxShort = 0;
  while (maxShort < shortBands(index) && shortEdge(index, maxShort) * rate < hz * 2 * SHORT) maxShort++;
}

/** Where the caller puts the next block of channel c: FRAME samples, f32 in the scale of 16 bits. */
export function inputBlock(c: i32): usize {
  return channel(c) + INPUT + 2 * FRAME * 4;
}

/** Encodes the frame of the two blocks before the newest. Returns its bytes at out, 0 for the very first block. */
export function encode(out: usize): i32 {
  switchBlocks(channels);
  nextShape = tonality >= KBD_TONALITY ? KBD_SHAPE : SINE_SHAPE; // of the frame before: both channels must agree
  let bytes = 0;
  if (started) {
    for (let c = 0; c < channels; c++) analyse(channel(c));
    if (channels == 2) chooseMidSide();
    for (let c = 0; c < channels; c++) powers34(channel(c) + SPECTRUM, channel(c) + POWER34);
    bytes = code(out);
  }
  started = true;
  for (let c = 0; c < channels; c++) memory.copy(channel(c) + INPUT, channel(c) + INPUT + FRAME * 4, 2 * FRAME * 4);
  return bytes;
}

/** Samples to spectrum and mask. */
function analyse(ch: usize): void {
  const sequence = load<i32>(ch + SEQUENCE);
  const last = load<i32>(ch + SHAPE), shape = nextShape;
  store<i32>(ch + SHAPE, shape);
  store<i32>(ch + TNS_ORDER, 0);
  if (sequence == EIGHT_SHORT) analyseShort(ch, last, shape);
  else analyseLong(ch, sequence, last, shape);
}

function analyseLong(ch: usize, sequence: i32, last: i32, shape: i32): void {
  const rise = sequence == LONG_STOP_SEQUENCE ? SHORT : FRAME, fall = sequence == LONG_START_SEQUENCE ? SHORT : FRAME;
  mdct(ch + INPUT, ch + SPECTRUM, FRAME, windowSlope(rise, last), rise, windowSlope(fall, shape), fall);
  store<i32>(ch + GROUPS, 1);
  store<i32>(ch + MAX_SFB, maxLong);
  store<i32>(ch + BANDS, maxLong);
  for (let b = 0; b <= maxLong; b++) store<u16>(ch + EDGE + (<usize>b << 1), <u16>longEdge(index, b));
  psyLong(ch, index);
  shapeNoise(ch, index, maxLong);
}

function analyseShort(ch: usize, last: i32, shape: i32): void {
  for (let w = 0; w < SHORT_WINDOWS; w++)
    mdct(
      ch + INPUT + (<usize>(FIRST_SHORT + SHORT * w) << 2), blockScratch + (<usize>(SHORT * w) << 2), SHORT,
      windowSlope(SHORT, w == 0 ? last : shape), SHORT, windowSlope(SHORT, shape), SHORT
    );
  groupWindows(ch, index, maxShort, blockScratch);
  psyShort(ch, index);
}

/** Spectrum to bits, at a price that keeps the frame within its limit. */
function code(out: usize): i32 {
  let price = firstPrice();
  for (let c = 0; c < channels; c++) findCandidates(channel(c), price);
  const wanted = tryPrice(price);
  let bits = wanted;
  for (let n = 0; bits > frameLimit && n < TRIES; n++) {
    price = nextPrice(bits);
    bits = tryPrice(price);
  }
  if (bits > frameLimit) bits = leaveOut();
  rawDataBlock(out, channels);
  const bytes = (bits + 7) >> 3;
  spend(wanted, bytes);
  return bytes;
}

function tryPrice(price: f32): i32 {
  for (let c = 0; c < channels; c++) {
    chooseScaleFactors(channel(c), price);
    substituteNoise(channel(c), index, channels == 2);
    quantizeChannel(channel(c));
  }
  return rawDataBlock(0, channels);
}

/** The smallest frame there is: nothing but syntax. */
function leaveOut(): i32 {
  for (let c = 0; c < channels; c++) {
    chooseScaleFactors(channel(c), PROHIBITIVE);
    dropNoise(channel(c));
    quantizeChannel(channel(c));
  }
  return rawDataBlock(0, channels);
}

function quantizeChannel(ch: usize): void {
  const bands = load<i32>(ch + BANDS);
  for (let b = 0; b < bands; b++) {
    const first = <usize>load<u16>(ch + EDGE + (<usize>b << 1)), end = <usize>load<u16>(ch + EDGE + (<usize>b << 1), 2);
    const quant = ch + QUANT + (first << 1), row = bookBits + (<usize>b << 5);
    const lines = <i32>(end - first);
    const sf = load<i32>(ch + SCALE_FACTOR + (<usize>b << 2));
    if (sf == 0) onlyBook(row, isNoise(ch, b) ? NOISE_BOOK : 0);
    else {
      const largest = quantizeBand(ch + SPECTRUM + (first << 2), ch + POWER34 + (first << 2), quant, lines, sf);
      bandBits(quant, lines, largest, row);
    }
  }
  chooseBooks(ch);
}
