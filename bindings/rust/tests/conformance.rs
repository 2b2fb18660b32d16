//! Runs tests/conformance; its README says what each step does.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use serde_json::Value;
use sha2::{Digest, Sha256};
use skyrill::{Channel, Config, Error, Stamp, abi};

const FRAME_MS: usize = 40;

struct Pieces<'a> {
    index: &'a Value,
    data: Vec<u8>,
}

impl Pieces<'_> {
    fn get(&self, name: &str) -> &[u8] {
        let range = &self.index[name];
        let (at, length) = (range[0].as_u64().expect(name) as usize, range[1].as_u64().unwrap() as usize);
        &self.data[at..at + length]
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn int(value: &Value) -> i32 {
    value.as_i64().unwrap() as i32
}

fn float(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

fn hex(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn config(c: &Value) -> Config {
    Config {
        ring_bytes: int(&c["ringBytes"]),
        format: int(&c["format"]),
        video_codec: int(&c["videoCodec"]),
        audio_input: int(&c["audioInput"]),
        sample_rate: int(&c["sampleRate"]),
        channels: int(&c["channels"]),
        audio_bit_rate: int(&c["audioBitRate"]),
        nominal_fps: int(&c["nominalFps"]),
        slice_min_ms: int(&c["sliceMinMs"]),
        slice_max_ms: int(&c["sliceMaxMs"]),
        full_policy: int(&c["fullPolicy"]),
    }
}

fn stamp(step: &Value) -> Stamp {
    Stamp { pts_ms: float(&step["pts"]), utc_ms: float(&step["utc"]), seq: int(&step["seq"]) }
}

/// Status of an answer; anything but a refusal is a bug.
fn answer<T>(result: Result<T, Error>, notice: impl FnOnce(T) -> i32) -> i32 {
    match result {
        Ok(value) => notice(value),
        Err(Error::Refused { status, .. }) => status,
        Err(error) => panic!("{error}"),
    }
}

fn xorshift(mut state: u32) -> impl FnMut() -> u32 {
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state
    }
}

fn damage(piece: &[u8], next: &mut impl FnMut() -> u32) -> Vec<u8> {
    let mut length = piece.len() as u32;
    if next() & 3 == 0 {
        length = next() % (length + 1);
    }
    let mut frame = piece[..length as usize].to_vec();
    for _ in 0..1 + next() % 8 {
        if length > 0 {
            let at = next() % length;
            frame[at as usize] = next() as u8;
        }
    }
    frame
}

struct Run<'a> {
    channel: Channel,
    pieces: &'a Pieces<'a>,
    stream: Sha256,
    bytes: u64,
    slices: Vec<String>,
    units: Vec<String>,
    room: usize,
}

impl Run<'_> {
    fn drain(&mut self, limit: i32) {
        let head = self.channel.head();
        let to = if limit > 0 { head.min(self.channel.tail() + f64::from(limit)) } else { head };
        self.bytes += self.channel.drain(&mut self.stream, to).unwrap();
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(s) = self.channel.slice(self.slices.len() as i32).unwrap().filter(|s| s.closed != 0) {
            self.slices.push(format!(
                "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}",
                s.number,
                s.start,
                s.end,
                s.lost_bytes,
                s.utc_ms.0,
                s.utc_ms.1,
                s.pts_ms.0,
                s.pts_ms.1,
                s.seq.0,
                s.seq.1,
                s.video_frames,
                s.audio_frames,
                s.closed,
                i32::from(s.discontinuity),
                s.tracks,
                s.init
            ));
        }
        while let Some(u) = self.channel.unit(self.units.len() as i32).unwrap().filter(|u| u.closed) {
            let duration_us = (u.duration_ms * 1000.0 + 0.5).floor();
            self.units.push(format!(
                "{} {} {} {} {duration_us} {} {} {}",
                u.start,
                u.end,
                u.utc_ms,
                u.pts_ms,
                u.slice,
                i32::from(u.idr),
                u.video_frames
            ));
        }
    }

    fn step(&mut self, step: &Value) -> i32 {
        let frame = || self.pieces.get(text(&step["data"]));
        let channel = &mut self.channel;
        match text(&step["do"]) {
            "video" => answer(channel.push_video(frame(), stamp(step), int(&step["type"])), |notice| notice),
            "audio" => answer(channel.push_audio(frame(), stamp(step)), |notice| notice),
            "reserve" => {
                self.room = int(&step["bytes"]) as usize;
                answer(channel.reserve(self.room), |_| 0)
            }
            "commit" => {
                // a room is a borrow of the channel: taken again, it is the same place
                channel.reserve(self.room).unwrap()[..frame().len()].copy_from_slice(frame());
                answer(channel.push_reserved(frame().len(), stamp(step), int(&step["type"])), |notice| notice)
            }
            "flush" => answer(channel.flush(int(&step["why"])), |notice| notice),
            "closeFragment" => answer(channel.close_fragment(), |notice| notice),
            "hold" => answer(channel.hold(float(&step["from"]), float(&step["to"])), |()| 0),
            "release" => answer(channel.release(float(&step["position"])), |()| 0),
            "drain" => {
                self.drain(int(&step["bytes"]));
                0
            }
            "mutate" => {
                assert_eq!(self.mutate(step), text(&step["sha256"]), "statuses of damaged frames");
                0
            }
            other => panic!("unknown step {other}"),
        }
    }

    fn mutate(&mut self, step: &Value) -> String {
        let mut next = xorshift(step["seed"].as_u64().unwrap() as u32);
        let kinds = step["pieces"].as_array().unwrap();
        let first = stamp(step);
        let mut statuses = Sha256::new();
        for i in 0..int(&step["count"]) as usize {
            let kind = i % kinds.len();
            let frame = damage(self.pieces.get(text(&kinds[kind])), &mut next);
            let later = (FRAME_MS * i) as f64;
            let at = Stamp { pts_ms: first.pts_ms + later, utc_ms: first.utc_ms + later, seq: first.seq + i as i32 };
            let frame_type = if kind == 0 { abi::FRAME_I } else { abi::FRAME_P };
            let status = answer(self.channel.push_video(&frame, at, frame_type), |notice| notice);
            statuses.update(status.to_le_bytes());
            self.drain(0);
        }
        hex(statuses)
    }
}

fn check(vector: &Value, pieces: &Pieces) {
    let name = text(&vector["name"]);
    let opened = Channel::open(&config(&vector["config"]));
    let open = int(&vector["open"]);
    if open != 0 {
        assert_eq!(opened.err().map(|error| error.status()), Some(open), "{name}: open");
        return;
    }
    let mut run = Run {
        channel: opened.unwrap(),
        pieces,
        stream: Sha256::new(),
        bytes: 0,
        slices: vec![],
        units: vec![],
        room: 0,
    };
    for (index, step) in vector["steps"].as_array().unwrap().iter().enumerate() {
        let expected = step["status"].as_i64().unwrap_or(0) as i32;
        assert_eq!(run.step(step), expected, "{name}: step {index} {step}");
    }
    run.collect();
    let expect = &vector["expect"];
    let lines = |value: &Value| value.as_array().unwrap().iter().map(|line| text(line).to_owned()).collect::<Vec<_>>();
    assert_eq!(run.slices, lines(&expect["slices"]), "{name}");
    assert_eq!(run.units, lines(&expect["units"]), "{name}");
    assert_eq!(run.bytes, expect["stream"]["bytes"].as_u64().unwrap(), "{name}");
    assert_eq!(hex(run.stream), text(&expect["stream"]["sha256"]), "{name}");
    for field in expect["state"].as_array().unwrap() {
        let offset = int(&field[0]) as usize;
        let got = match text(&field[1]) {
            "i32" => f64::from(run.channel.state_i32(offset)),
            _ => run.channel.state_f64(offset),
        };
        assert_eq!(got, float(&field[2]), "{name}: {}", field[3]);
    }
}

#[test]
fn conformance() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance");
    let file: Value = serde_json::from_slice(&fs::read(folder.join("vectors.json")).unwrap()).unwrap();
    assert_eq!(int(&file["abi"]), abi::ABI_VERSION);
    let data = fs::read(folder.join(text(&file["data"]["file"]))).unwrap();
    let pieces = Pieces { index: &file["data"]["pieces"], data };
    let vectors = file["vectors"].as_array().unwrap();
    let failed: Vec<_> = vectors
        .iter()
        .filter(|vector| catch_unwind(AssertUnwindSafe(|| check(vector, &pieces))).is_err())
        .map(|vector| text(&vector["name"]))
        .collect();
    assert!(failed.is_empty(), "{} vectors failed: {failed:?}", failed.len());
    println!("{} vectors", vectors.len());
}

#[test]
fn a_channel_moves_between_threads() {
    fn send<T: Send>() {}
    send::<Channel>();
    send::<Error>();
}

/// Whatever it is given, the core refuses or takes it: no trap, no panic.
#[test]
fn nonsense_gives_statuses() {
    const NUMBERS: [f64; 9] = [0.0, 1.0, -1.0, 188.0, 65536.0, 1e300, -1e300, f64::NAN, f64::INFINITY];
    const WHOLE: [i32; 8] = [0, 1, -1, 188, 4096, 65536, i32::MAX, i32::MIN];
    let example = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/example.h264")).unwrap();
    let mut next = xorshift(1);
    for format in [abi::FORMAT_TS, abi::FORMAT_FMP4] {
        let mut channel = Channel::open(&Config {
            format,
            audio_input: abi::AUDIO_G711A,
            sample_rate: 8000,
            channels: 1,
            ..Config::new(65536)
        })
        .unwrap();
        for turn in 0..3000 {
            let mut float = || NUMBERS[next() as usize % NUMBERS.len()];
            let (a, b) = (float(), float());
            let mut int = || WHOLE[next() as usize % WHOLE.len()];
            let (n, m) = (int(), int());
            let frame = damage(&example[..600], &mut next);
            let later = f64::from(turn * 40);
            let (now, any) =
                (Stamp { pts_ms: later, utc_ms: later, seq: turn }, Stamp { pts_ms: a, utc_ms: b, seq: n });
            match next() % 12 {
                0 => answer(channel.push_video(&frame, now, abi::FRAME_I), |notice| notice),
                1 => answer(channel.push_video(&frame, any, m), |notice| notice),
                2 => answer(channel.push_audio(&frame, any), |notice| notice),
                3 => answer(channel.reserve(n as usize), |_| 0),
                4 => answer(channel.push_reserved(n as usize, any, m), |notice| notice),
                5 => answer(channel.flush(n), |notice| notice),
                6 => answer(channel.release(a), |()| 0),
                7 => answer(channel.hold(a, b), |()| 0),
                8 => answer(channel.drain(&mut std::io::sink(), a), |_| 0),
                9 => answer(channel.init_segment(n), |_| 0),
                10 => {
                    answer(channel.slice(n), |_| 0) + answer(channel.unit(n), |_| 0) + answer(channel.frame(n), |_| 0)
                }
                _ => channel.piece(a, b).len() as i32,
            };
        }
    }
}

#[test]
fn a_refusal_says_why() {
    let mut channel = Channel::open(&Config::new(65536)).unwrap();
    let error = channel.reserve(1_000_000).unwrap_err();
    assert_eq!(error.status(), abi::RING_TOO_SMALL);
    assert!(matches!(error, Error::Refused { shortfall, .. } if shortfall > 900_000), "{error}");
    assert!(error.to_string().starts_with("RING_TOO_SMALL (-1102): "), "{error}");
}
