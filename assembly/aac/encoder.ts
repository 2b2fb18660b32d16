// One frame in, one raw_data_block out: the stages in their order.

import { bandBits } from './band-bits';
import { BUFFER_BITS, meanFrameBits } from './bit-rate';
import { bitTablesInit } from './bit-tables';
import { frequencyIndex } from '../audio/sampling-frequency';
import { longBands, longEdge, shortBands, shortEdge } from './bands';
import { switchBlocks, switchInit } from './block-switch';
import { findCandidates } from './candidates';
import { EIGHT_SHORT, FRAME, LONG_START_SEQUENCE, LONG_STOP_SEQUENCE, MAX_BANDS, SHORT, SHORT_WINDOWS } from './frame';
import { exp2, log2 } from './math';
import { chooseMidSide } from './mid-side';
import { NOISE_BOOK } from './huffman';
import { mdct, mdctInit } from './mdct';
import { NO_NOISE, noiseOf, pnsInit, substituteNoise } from './pns';
import { lastTonality, psyInit, psyLong, psyShort } from './psy';
import { powers34, quantizeBand, quantizeInit } from './quantize';
import { rawDataBlock } from './raw-data-block';
import { chooseBooks } from './sections';
import {
  BANDS, blockScratch, BOOK, bookBits, channel, EDGE, GROUP_LENGTH, GROUPS, INPUT, LAST_MASK, layout, LAST_SHAPE, MAX_SFB,
  mdctScratch, mdctTable, midSide, POWER34, QUANT, SCALE_FACTOR, SEQUENCE, SHAPE, SPECTRUM,
  windowTable, ATTACK_WINDOW, TNS_ORDER
} from './state';
import { shapeNoise, tnsInit } from './tns';
import { chooseScaleFactors } from './trellis';
import { tune } from './tuning';
import { KBD_SHAPE, SINE_SHAPE, windowInit, windowSlope } from './window';

let index = 0;
let channels = 0;
let maxLong = 0;
let maxShort = 0;
let frameBits: f32 = 0; // mean bits of a frame
let capacity = 0; // bits of the decoder's buffer beyond a mean frame
let reservoir = 0; // bits saved, 0..capacity
let priceLog: f32 = 0; // log2 of the price of a bit
let carry: f32 = 0;
let nextFrame = 0;

export function openEncoder(base: usize, rate: i32, channelCount: i32, bitRate: i32): void {
  memory.fill(base, 0, layout(base, channelCount));
  index = frequencyIndex(rate);
  channels = channelCount;
  windowInit(windowTable);
  mdctInit(mdctTable, mdctScratch);
  quantizeInit();
  bitTablesInit();
  psyInit(index, rate);
  tnsInit(rate);
  pnsInit(rate);
  frameBits = meanFrameBits(rate, channels, bitRate);
  capacity = BUFFER_BITS * channels - <i32>frameBits;
  reservoir = capacity;
  priceLog = <f32>-2.2 - <f32>1.3 * log2(frameBits / <f32>682 / <f32>channelCount);
  carry = 0;
  nextFrame = 0;
  const hz = <i32>(tune(5) * <f32>bandwidth(rate, <i32>(frameBits * <f32>rate / <f32>FRAME) / channels));
  maxLong = 0;
  while (maxLong < longBands(index) && longEdge(index, maxLong) * rate < hz * 2 * FRAME) maxLong++;
  maxShort = 0;
  while (maxShort < shortBands(index) && shortEdge(index, maxShort) * rate < hz * 2 * SHORT) maxShort++;
  switchInit(channels);
  for (let c = 0; c < channels; c++)
    for (let b = 0; b < 52; b++) store<f32>(channel(c) + LAST_MASK + (<usize>b << 2), 3e38);
}

function bandwidth(rate: i32, bitrate: i32): i32 {
  const hz = 2000 + bitrate / 4;
  return min(hz, rate / 2);
}

/** Where the caller puts the next block of channel c: FRAME samples, f32 in the scale of 16 bits. */
export function inputBlock(c: i32): usize {
  return channel(c) + INPUT + 2 * FRAME * 4;
}

/** Encodes the frame of the two blocks before the newest. Returns its bytes at out, 0 for the very first block. */
export function encode(out: usize): i32 {
  const first = nextFrame++ == 0;
  switchBlocks(channels);
  let bytes = 0;
  if (!first) {
    for (let c = 0; c < channels; c++) analyse(channel(c));
    if (channels == 2) chooseMidSide();
    for (let c = 0; c < channels; c++) powers34(channel(c) + SPECTRUM, channel(c) + POWER34);
    bytes = code(out);
  }
  for (let c = 0; c < channels; c++) {
    const ch = channel(c);
    store<i32>(ch + LAST_SHAPE, load<i32>(ch + SHAPE));
    memory.copy(ch + INPUT, ch + INPUT + FRAME * 4, 2 * FRAME * 4);
  }
  return bytes;
}

function analyse(ch: usize): void {
  const sequence = load<i32>(ch + SEQUENCE);
  const shape = lastTonality >= tune(9) ? 1 : 0;
  store<i32>(ch + SHAPE, shape);
  const last = load<i32>(ch + LAST_SHAPE);
  store<i32>(ch + TNS_ORDER, 0);
  if (sequence == EIGHT_SHORT) {
    for (let w = 0; w < SHORT_WINDOWS; w++)
      mdct(
        ch + INPUT + (<usize>(448 + SHORT * w) << 2), blockScratch + (<usize>(SHORT * w) << 2), SHORT,
        windowSlope(SHORT, w == 0 ? last : shape), SHORT, windowSlope(SHORT, shape), SHORT
      );
    group(ch);
    psyShort(ch, index);
  } else {
    const rise = sequence == LONG_STOP_SEQUENCE ? SHORT : FRAME, fall = sequence == LONG_START_SEQUENCE ? SHORT : FRAME;
    mdct(ch + INPUT, ch + SPECTRUM, FRAME, windowSlope(rise, last), rise, windowSlope(fall, shape), fall);
    store<i32>(ch + GROUPS, 1);
    store<i32>(ch + MAX_SFB, maxLong);
    store<i32>(ch + BANDS, maxLong);
    for (let b = 0; b <= maxLong; b++) store<u16>(ch + EDGE + (<usize>b << 1), <u16>longEdge(index, b));
    psyLong(ch, index);
    shapeNoise(ch, index, maxLong);
  }
}

/** Groups short windows around the attack and sorts the lines of blockScratch into coding order. */
function group(ch: usize): void {
  const attack = load<i32>(ch + ATTACK_WINDOW);
  let groups = 0;
  if (attack > 0) putGroup(ch, groups++, attack);
  const struck = min(2, SHORT_WINDOWS - attack);
  putGroup(ch, groups++, struck);
  if (attack + struck < SHORT_WINDOWS) putGroup(ch, groups++, SHORT_WINDOWS - attack - struck);
  store<i32>(ch + GROUPS, groups);
  store<i32>(ch + MAX_SFB, maxShort);
  store<i32>(ch + BANDS, groups * maxShort);
  let band = 0, line = 0, window = 0;
  for (let g = 0; g < groups; g++) {
    const windows = <i32>load<u8>(ch + GROUP_LENGTH + g);
    for (let b = 0; b < maxShort; b++, band++) {
      store<u16>(ch + EDGE + (<usize>band << 1), <u16>line);
      const from = shortEdge(index, b), lines = shortEdge(index, b + 1) - from;
      for (let w = window; w < window + windows; w++) {
        memory.copy(ch + SPECTRUM + (<usize>line << 2), blockScratch + (<usize>(SHORT * w + from) << 2), <usize>lines << 2);
        line += lines;
      }
    }
    window += windows;
  }
  store<u16>(ch + EDGE + (<usize>band << 1), <u16>line);
}

// @ts-ignore: decorator
@inline
function putGroup(ch: usize, group: i32, windows: i32): void {
  store<u8>(ch + GROUP_LENGTH + group, <u8>windows);
}

export let lastBits = 0;
export let lastPrice: f32 = 0;
export let passes = 0;

function code(out: usize): i32 {
  // price of a bit: slow memory of what the signal needs, and the fullness of the reservoir now
  const full = <f32>reservoir / <f32>capacity;
  let price: f32 = priceLog + (<f32>0.5 - full) * tune(10);
  const limit = min(BUFFER_BITS * channels - 7, <i32>(frameBits + <f32>reservoir * tune(12)));
  let bits = 0;
  const floor = max<f32>(min<f32>(tune(13) * exp2(price), tune(0)), tune(14));
  for (let c = 0; c < channels; c++) findCandidates(channel(c), exp2(price), floor);
  let first = 0;
  for (let pass = 0; pass < 12; pass++) {
    passes++;
    const lambda = exp2(price);
    for (let c = 0; c < channels; c++) {
      chooseScaleFactors(channel(c), lambda);
      substituteNoise(channel(c), index, channels == 2);
      quantizeChannel(channel(c));
    }
    bits = rawDataBlock(0, channels);
    if (pass == 0) first = bits;
    if (bits <= limit) break;
    price += tune(15) * log2(<f32>bits / <f32>limit) + <f32>0.05;
  }
  rawDataBlock(out, channels);
  lastBits = bits;
  lastPrice = price;
  const bytes = (bits + 7) >> 3;
  carry += frameBits - <f32>(bytes * 8);
  const whole = <i32>carry;
  carry -= <f32>whole;
  reservoir = min(reservoir + whole, capacity);
  const gain = max<f32>(tune(11), <f32>0.5 / <f32>(nextFrame + 1));
  priceLog += gain * min<f32>(<f32>first / frameBits - 1, 1);
  priceLog = max<f32>(min<f32>(priceLog, 2), -12);
  return bytes;
}

function quantizeChannel(ch: usize): void {
  const bands = load<i32>(ch + BANDS);
  for (let b = 0; b < bands; b++) {
    const first = <usize>load<u16>(ch + EDGE + (<usize>b << 1)), end = <usize>load<u16>(ch + EDGE + (<usize>b << 1), 2);
    const lines = <i32>(end - first);
    const quant = ch + QUANT + (first << 1);
    const sf = load<i32>(ch + SCALE_FACTOR + (<usize>b << 2));
    let largest = 0;
    if (sf == 0) memory.fill(quant, 0, <usize>lines << 1);
    else largest = quantizeBand(ch + SPECTRUM + (first << 2), ch + POWER34 + (first << 2), quant, lines, sf);
    bandBits(quant, lines, largest, bookBits + (<usize>b << 5));
    if (sf != 0) store<u16>(bookBits + (<usize>b << 5), 0xffff);
    else for (let book = 1; book < 12; book++) store<u16>(bookBits + (<usize>b << 5) + (<usize>book << 1), 0xffff);
    if (noiseOf(ch, b) != NO_NOISE) {
      store<u16>(bookBits + (<usize>b << 5), 0xffff);
      store<u16>(bookBits + (<usize>b << 5) + (NOISE_BOOK << 1), 0);
    }
  }
  chooseBooks(ch);
}
