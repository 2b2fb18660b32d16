// One frame in, one raw_data_block out: the stages in their order.

import { bandBits } from './band-bits';
import { bitTablesInit } from './bit-tables';
import { longBands, longEdge, rateIndex, shortBands, shortEdge } from './bands';
import { detectAttack, windowSequence } from './block-switch';
import { findCandidates } from './candidates';
import { EIGHT_SHORT, FRAME, LONG_START_SEQUENCE, LONG_STOP_SEQUENCE, MAX_BANDS, SHORT, SHORT_WINDOWS } from './frame';
import { exp2, log2 } from './math';
import { mdct, mdctInit } from './mdct';
import { psyInit, psyLong, psyShort } from './psy';
import { powers34, quantizeBand, quantizeInit } from './quantize';
import { rawDataBlock } from './raw-data-block';
import { chooseBooks } from './sections';
import {
  BANDS, blockScratch, BOOK, bookBits, channel, EDGE, GROUP_LENGTH, GROUPS, INPUT, LAST_MASK, layout, LAST_SHAPE, MAX_SFB,
  mdctScratch, mdctTable, midSide, NEXT_SHORT, POWER34, QUANT, SCALE_FACTOR, SEQUENCE, SHAPE, SPECTRUM, WAS_SHORT,
  windowTable, CHANNEL_BYTES, ATTACK_AT
} from './state';
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

export function open(base: usize, rate: i32, channelCount: i32, bitrate: i32): void {
  memory.fill(base, 0, layout(base, channelCount));
  index = rateIndex(rate);
  channels = channelCount;
  windowInit(windowTable);
  mdctInit(mdctTable, mdctScratch);
  quantizeInit();
  bitTablesInit();
  psyInit(index, rate);
  frameBits = <f32>bitrate * <f32>FRAME / <f32>rate - 56;
  capacity = 6144 * channels - <i32>frameBits - 8;
  reservoir = capacity;
  priceLog = -4;
  carry = 0;
  nextFrame = 0;
  const hz = <i32>(tune(5) * <f32>bandwidth(rate, bitrate / channels));
  maxLong = 0;
  while (maxLong < longBands(index) && longEdge(index, maxLong) * rate < hz * 2 * FRAME) maxLong++;
  maxShort = 0;
  while (maxShort < shortBands(index) && shortEdge(index, maxShort) * rate < hz * 2 * SHORT) maxShort++;
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
  let attack = false;
  for (let c = 0; c < channels; c++) if (detectAttack(channel(c), inputBlock(c))) attack = true;
  const lead = channel(0);
  const now = load<i32>(lead + NEXT_SHORT) != 0, before = load<i32>(lead + WAS_SHORT) != 0;
  const sequence = windowSequence(before, now, attack);
  let bytes = 0;
  if (!first) {
    for (let c = 0; c < channels; c++) analyse(channel(c), sequence);
    bytes = code(out);
  }
  for (let c = 0; c < channels; c++) {
    const ch = channel(c);
    store<i32>(ch + WAS_SHORT, <i32>(sequence == EIGHT_SHORT));
    store<i32>(ch + NEXT_SHORT, <i32>attack);
    store<i32>(ch + LAST_SHAPE, load<i32>(ch + SHAPE));
    memory.copy(ch + INPUT, ch + INPUT + FRAME * 4, 2 * FRAME * 4);
  }
  return bytes;
}

function analyse(ch: usize, sequence: i32): void {
  store<i32>(ch + SEQUENCE, sequence);
  const shape = <i32>tune(9);
  store<i32>(ch + SHAPE, shape);
  const last = load<i32>(ch + LAST_SHAPE);
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
  }
  powers34(ch + SPECTRUM, ch + POWER34);
}

/** Groups short windows around the attack and sorts the lines of blockScratch into coding order. */
function group(ch: usize): void {
  // TODO groups
  store<i32>(ch + GROUPS, 4);
  for (let g = 0; g < 4; g++) store<u8>(ch + GROUP_LENGTH + g, 2);
  store<i32>(ch + MAX_SFB, maxShort);
  store<i32>(ch + BANDS, 4 * maxShort);
  let band = 0, line = 0, window = 0;
  for (let g = 0; g < 4; g++) {
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

export let lastBits = 0;
export let lastPrice: f32 = 0;
export let passes = 0;

function code(out: usize): i32 {
  // price of a bit: slow memory of what the signal needs, and the fullness of the reservoir now
  const full = <f32>reservoir / <f32>capacity;
  let price: f32 = priceLog + (<f32>0.5 - full) * tune(10);
  const limit = min(6144 * channels - 8, <i32>frameBits + reservoir);
  let bits = 0;
  for (let c = 0; c < channels; c++) findCandidates(channel(c), exp2(price));
  for (let pass = 0; pass < 12; pass++) {
    passes++;
    const lambda = exp2(price);
    for (let c = 0; c < channels; c++) {
      chooseScaleFactors(channel(c), lambda);
      quantizeChannel(channel(c));
    }
    bits = rawDataBlock(0, channels);
    if (bits <= limit) break;
    price += <f32>0.5;
  }
  rawDataBlock(out, channels);
  lastBits = bits;
  lastPrice = price;
  const bytes = (bits + 7) >> 3;
  carry += frameBits - <f32>(bytes * 8);
  const whole = <i32>carry;
  carry -= <f32>whole;
  reservoir = min(reservoir + whole, capacity);
  priceLog += tune(11) * (<f32>(bytes * 8) / frameBits - 1);
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
  }
  chooseBooks(ch);
}
