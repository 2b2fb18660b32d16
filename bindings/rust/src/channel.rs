use std::io::Write;
use std::sync::OnceLock;

use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc};

use crate::abi::*;
use crate::error::Error;
use crate::records::{Frame, Slice, Unit, f64_at, i32_at};

static CORE: &[u8] = include_bytes!("core.wasm");

/// Fields and order of the ABI's config block; [`Config::new`] gives the defaults.
#[derive(Clone, Debug)]
pub struct Config {
    /// u32MaxGopSize: a multiple of 4096
    pub ring_bytes: i32,
    /// `FORMAT_TS` or `FORMAT_FMP4`
    pub format: i32,
    /// `VIDEO_H264`, `VIDEO_H265` or `VIDEO_NONE`
    pub video_codec: i32,
    /// `AUDIO_AAC`, `AUDIO_PCM`, `AUDIO_G711A`, `AUDIO_G711U` or `AUDIO_NONE`
    pub audio_input: i32,
    /// Hz; 0 with AAC: from the ADTS header
    pub sample_rate: i32,
    /// 1 or 2; 0 with AAC: from the ADTS header
    pub channels: i32,
    /// bit/s of the AAC encoder; 0: its default
    pub audio_bit_rate: i32,
    /// 0: variable
    pub nominal_fps: i32,
    /// a slice ends at the first IDR at least this long after its start
    pub slice_min_ms: i32,
    /// a slice ends here when no IDR comes
    pub slice_max_ms: i32,
    /// `POLICY_REFUSE` or `POLICY_EVICT`
    pub full_policy: i32,
}

impl Config {
    /// MPEG-TS with H.264 and no sound, slices of 10 to 60 s, the oldest GOP evicted when the ring is full.
    pub fn new(ring_bytes: i32) -> Self {
        Config {
            ring_bytes,
            format: FORMAT_TS,
            video_codec: VIDEO_H264,
            audio_input: AUDIO_NONE,
            sample_rate: 0,
            channels: 0,
            audio_bit_rate: 0,
            nominal_fps: 0,
            slice_min_ms: 10_000,
            slice_max_ms: 60_000,
            full_policy: POLICY_EVICT,
        }
    }

    fn fields(&self) -> [(usize, i32); 11] {
        [
            (CONFIG_RING_BYTES, self.ring_bytes),
            (CONFIG_FORMAT, self.format),
            (CONFIG_VIDEO_CODEC, self.video_codec),
            (CONFIG_AUDIO_INPUT, self.audio_input),
            (CONFIG_SAMPLE_RATE, self.sample_rate),
            (CONFIG_CHANNELS, self.channels),
            (CONFIG_AUDIO_BIT_RATE, self.audio_bit_rate),
            (CONFIG_NOMINAL_FPS, self.nominal_fps),
            (CONFIG_SLICE_MIN_MS, self.slice_min_ms),
            (CONFIG_SLICE_MAX_MS, self.slice_max_ms),
            (CONFIG_FULL_POLICY, self.full_policy),
        ]
    }
}

/// Places a frame in time: milliseconds since any epoch (audio and video share it), UTC milliseconds, sequence number.
#[derive(Clone, Copy, Debug)]
pub struct Stamp {
    /// Presentation time, milliseconds.
    pub pts_ms: f64,
    /// Wall clock, milliseconds since 1970.
    pub utc_ms: f64,
    /// Number of the frame, as the camera counts.
    pub seq: i32,
}

type Call<Arguments> = TypedFunc<Arguments, i32>;

struct Exports {
    reserve: Call<i32>,
    push_video: Call<(i32, i32, f64, f64, i32, i32)>,
    push_audio: Call<(i32, i32, f64, f64, i32)>,
    flush: Call<i32>,
    close_fragment: Call<()>,
    release: Call<f64>,
    hold: Call<(f64, f64)>,
    slice_address: Call<i32>,
    unit_address: Call<i32>,
    frame_address: Call<i32>,
    init_address: Call<i32>,
    init_length: Call<i32>,
}

/// One open core. `Ok` of a push holds the notice (0: none).
pub struct Channel {
    store: Store<()>,
    memory: Memory,
    exports: Exports,
    state: usize,
    ring: usize,
    ring_size: usize,
    audio: usize,
    reserved: usize,
    drain_slice: i32,
    last_init: i32,
}

/// Compiled once per process.
fn compiled() -> Result<&'static Module, Error> {
    static MODULE: OnceLock<Module> = OnceLock::new();
    if let Some(module) = MODULE.get() {
        return Ok(module);
    }
    let module = Module::new(&Engine::default(), CORE)?;
    Ok(MODULE.get_or_init(|| module))
}

fn answer(status: i32) -> Result<i32, Error> {
    if status < 0 { Err(Error::Refused { status, shortfall: 0 }) } else { Ok(status) }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Channel").field("tail", &self.tail()).field("head", &self.head()).finish_non_exhaustive()
    }
}

impl Channel {
    /// Opens a channel; a configuration out of range is refused.
    pub fn open(config: &Config) -> Result<Self, Error> {
        let module = compiled()?;
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[])?;
        let mut ask = |name: &str| -> Result<i32, Error> {
            let call: Call<()> = instance.get_typed_func(&mut store, name)?;
            Ok(call.call(&mut store, ())?)
        };
        let version = ask("abi_version")?;
        if version != ABI_VERSION {
            return Err(Error::Engine(wasmtime::Error::msg(format!(
                "core.wasm has ABI version {version}, this crate needs {ABI_VERSION}"
            ))));
        }
        let config_at = ask("config")? as usize;
        let memory = instance
            .get_memory(&mut store, "memory")
            .ok_or_else(|| wasmtime::Error::msg("core.wasm exports no memory"))?;
        for (offset, value) in config.fields() {
            let at = config_at + offset;
            memory.data_mut(&mut store)[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        let mut ask = |name: &str| -> Result<i32, Error> {
            let call: Call<()> = instance.get_typed_func(&mut store, name)?;
            Ok(call.call(&mut store, ())?)
        };
        answer(ask("open")?)?;
        let (state, audio) = (ask("state")? as usize, ask("audio_buffer")? as usize);
        let exports = Exports {
            reserve: instance.get_typed_func(&mut store, "reserve")?,
            push_video: instance.get_typed_func(&mut store, "push_video")?,
            push_audio: instance.get_typed_func(&mut store, "push_audio")?,
            flush: instance.get_typed_func(&mut store, "flush")?,
            close_fragment: instance.get_typed_func(&mut store, "close_fragment")?,
            release: instance.get_typed_func(&mut store, "release")?,
            hold: instance.get_typed_func(&mut store, "hold")?,
            slice_address: instance.get_typed_func(&mut store, "slice_address")?,
            unit_address: instance.get_typed_func(&mut store, "unit_address")?,
            frame_address: instance.get_typed_func(&mut store, "frame_address")?,
            init_address: instance.get_typed_func(&mut store, "init_address")?,
            init_length: instance.get_typed_func(&mut store, "init_length")?,
        };
        let ring = i32_at(memory.data(&store), state + STATE_RING_ADDRESS) as usize;
        let ring_size = i32_at(memory.data(&store), state + STATE_RING_SIZE) as usize;
        Ok(Channel {
            store,
            memory,
            exports,
            state,
            ring,
            ring_size,
            audio,
            reserved: 0,
            drain_slice: 0,
            last_init: -1,
        })
    }

    /// One access unit (Annex B): one copy, into the ring.
    pub fn push_video(&mut self, frame: &[u8], at: Stamp, frame_type: i32) -> Result<i32, Error> {
        match self.reserve(frame.len()) {
            Err(Error::Refused { status: RING_RETRY, .. }) => self.reserve(frame.len())?,
            room => room?,
        }
        .copy_from_slice(frame);
        self.push_reserved(frame.len(), at, frame_type)
    }

    /// Room inside the ring for a frame that the caller writes there itself, before [`push_reserved`](Self::push_reserved).
    /// `RING_RETRY`: a fragment was closed to make room; call again, before or after reading it.
    pub fn reserve(&mut self, length: usize) -> Result<&mut [u8], Error> {
        let length =
            i32::try_from(length).map_err(|_| Error::Refused { status: RING_TOO_SMALL, shortfall: i32::MAX })?;
        let address = self.exports.reserve.call(&mut self.store, length)?;
        self.room(address)?;
        self.reserved = address as usize;
        Ok(&mut self.memory.data_mut(&mut self.store)[self.reserved..self.reserved + length as usize])
    }

    /// Muxes the frame of `length` bytes at the start of the reserved room, in place.
    pub fn push_reserved(&mut self, length: usize, at: Stamp, frame_type: i32) -> Result<i32, Error> {
        let arguments = (self.reserved as i32, length as i32, at.pts_ms, at.utc_ms, at.seq, frame_type);
        let status = self.exports.push_video.call(&mut self.store, arguments)?;
        self.room(status)
    }

    /// ADTS frames, or 1024 samples per channel of PCM (16 bit, little-endian) or G.711.
    pub fn push_audio(&mut self, frame: &[u8], at: Stamp) -> Result<i32, Error> {
        if frame.len() > AUDIO_INPUT_BYTES as usize {
            return answer(AUDIO_LENGTH);
        }
        self.memory.data_mut(&mut self.store)[self.audio..self.audio + frame.len()].copy_from_slice(frame);
        let arguments = (self.audio as i32, frame.len() as i32, at.pts_ms, at.utc_ms, at.seq);
        let status = self.exports.push_audio.call(&mut self.store, arguments)?;
        self.room(status)
    }

    /// Ends the open slice: `CLOSED_STOP`, `CLOSED_PAUSE`, `CLOSED_CLOCK` or `CLOSED_FORMAT`.
    pub fn flush(&mut self, why: i32) -> Result<i32, Error> {
        answer(self.exports.flush.call(&mut self.store, why)?)
    }

    /// To be called after a second without frames: what waits becomes visible.
    pub fn close_fragment(&mut self) -> Result<i32, Error> {
        answer(self.exports.close_fragment.call(&mut self.store, ())?)
    }

    /// End of what may be read, as a position: bytes since open.
    pub fn head(&self) -> f64 {
        self.state_f64(STATE_HEAD)
    }

    /// Start of what is still in the ring.
    pub fn tail(&self) -> f64 {
        self.state_f64(STATE_TAIL)
    }

    /// First contiguous part of [from, to), in place; ask again for the rest. Empty for what does not lie in [tail, head).
    pub fn piece(&self, from: f64, to: f64) -> &[u8] {
        if !(self.tail() <= from && from < to && to <= self.head()) {
            return &[];
        }
        let offset = (from - self.state_f64(STATE_ORIGIN)) as u64 as usize % self.ring_size;
        let length = ((to - from) as usize).min(self.ring_size - offset);
        &self.memory.data(&self.store)[self.ring + offset..self.ring + offset + length]
    }

    /// Ends the use of everything below `position`.
    pub fn release(&mut self, position: f64) -> Result<(), Error> {
        answer(self.exports.release.call(&mut self.store, position)?).map(drop)
    }

    /// Keeps [from, to) from eviction while a request is in flight; (0, 0) ends it.
    pub fn hold(&mut self, from: f64, to: f64) -> Result<(), Error> {
        answer(self.exports.hold.call(&mut self.store, (from, to))?).map(drop)
    }

    /// Writes everything up to `position` and releases it: a file as it grows. With fMP4 the init segment goes in front.
    pub fn drain<W: Write>(&mut self, sink: &mut W, position: f64) -> Result<u64, Error> {
        let mut written = 0;
        let mut from = self.tail();
        while from < position {
            let slice = self.slice_at(from)?;
            if slice.init >= 0 && slice.init != self.last_init {
                let init = self.init_segment(slice.init)?;
                sink.write_all(init)?;
                written += init.len() as u64;
                self.last_init = slice.init;
            }
            let piece = self.piece(from, position.min(slice.end));
            if piece.is_empty() {
                return answer(RING_POSITION).map(|_| written);
            }
            sink.write_all(piece)?;
            written += piece.len() as u64;
            from += piece.len() as f64;
            self.release(from)?;
        }
        Ok(written)
    }

    /// Init segment (fMP4) with this id, in place. A slice's file is its init segment and its bytes.
    pub fn init_segment(&mut self, id: i32) -> Result<&[u8], Error> {
        let at = self.exports.init_address.call(&mut self.store, id)? as usize;
        let length = self.exports.init_length.call(&mut self.store, id)? as usize;
        Ok(&self.memory.data(&self.store)[at..at + length])
    }

    /// A slice of the table; its numbers are `STATE_FIRST_SLICE` to below `STATE_NEXT_SLICE`.
    pub fn slice(&mut self, number: i32) -> Result<Option<Slice>, Error> {
        let at = self.exports.slice_address.call(&mut self.store, number)?;
        Ok(self.record(at, Slice::read))
    }

    /// A unit of the table; its numbers are `STATE_FIRST_UNIT` to below `STATE_NEXT_UNIT`.
    pub fn unit(&mut self, number: i32) -> Result<Option<Unit>, Error> {
        let at = self.exports.unit_address.call(&mut self.store, number)?;
        Ok(self.record(at, Unit::read))
    }

    /// A frame of the index; its numbers are `STATE_FIRST_FRAME` to below `STATE_NEXT_FRAME`.
    pub fn frame(&mut self, number: i32) -> Result<Option<Frame>, Error> {
        let at = self.exports.frame_address.call(&mut self.store, number)?;
        Ok(self.record(at, Frame::read))
    }

    /// A 32-bit field of the state block: `STATE_RING_ADDRESS` and those behind it.
    pub fn state_i32(&self, offset: usize) -> i32 {
        i32_at(self.memory.data(&self.store), self.state + offset)
    }

    /// A 64-bit field of the state block: those before `STATE_RING_ADDRESS`.
    pub fn state_f64(&self, offset: usize) -> f64 {
        f64_at(self.memory.data(&self.store), self.state + offset)
    }

    fn record<R>(&self, at: i32, read: fn(&[u8], usize) -> R) -> Option<R> {
        (at != 0).then(|| read(self.memory.data(&self.store), at as usize))
    }

    fn slice_at(&mut self, position: f64) -> Result<Slice, Error> {
        while self.drain_slice < self.state_i32(STATE_NEXT_SLICE) {
            match self.slice(self.drain_slice)? {
                Some(slice) if position < slice.end => return Ok(slice),
                _ => self.drain_slice += 1,
            }
        }
        Err(Error::Refused { status: RING_POSITION, shortfall: 0 })
    }

    /// A refusal for want of room says how many bytes were missing.
    fn room(&self, status: i32) -> Result<i32, Error> {
        match status {
            RING_FULL | RING_TOO_SMALL => Err(Error::Refused { status, shortfall: self.state_i32(STATE_SHORTFALL) }),
            _ => answer(status),
        }
    }
}
