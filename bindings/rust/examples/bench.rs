//! Measures pushes: bench CAMERA SMALL SOUND. What it prints is read by bench/bindings.

use std::time::{Duration, Instant};
use std::{env, error::Error, fs};

use skyrill::{Channel, Config, Stamp, abi};

const RING_BYTES: i32 = 4 << 20;
const BATCHES: usize = 25;
const BATCH_TIME: Duration = Duration::from_millis(40);
const SOUND_PUSH: usize = 2 * 1024;
const SOUND_RATE: i32 = 16_000;

fn pictures(file: &[u8]) -> Vec<(&[u8], i32)> {
    let u32_at = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let count = u32_at(0) as usize;
    let mut at = 4 + 8 * count;
    (0..count)
        .map(|i| {
            let from = at;
            at += u32_at(4 + 8 * i) as usize;
            (&file[from..at], u32_at(8 + 8 * i) as i32)
        })
        .collect()
}

/// The fastest of batches of passes: what else runs can only add to it. The first batch warms up.
fn measure(name: &str, per_pass: usize, mut pass: impl FnMut()) {
    let mut fastest = f64::INFINITY;
    for batch in 0..=BATCHES {
        let (start, mut frames) = (Instant::now(), 0);
        while start.elapsed() < BATCH_TIME {
            pass();
            frames += per_pass;
        }
        if batch > 0 {
            fastest = fastest.min(start.elapsed().as_nanos() as f64 / frames as f64);
        }
    }
    println!("{name} {fastest:.1}");
}

fn later(at: &mut Stamp, ms: f64) {
    *at = Stamp { pts_ms: at.pts_ms + ms, utc_ms: at.utc_ms + ms, seq: at.seq + 1 };
}

fn video(name: &str, file: &[u8], format: i32) -> Result<(), Box<dyn Error>> {
    let mut channel = Channel::open(&Config { format, ..Config::new(RING_BYTES) })?;
    let list = pictures(file);
    let mut at = Stamp { pts_ms: 60_000.0, utc_ms: 60_000.0, seq: 0 };
    measure(name, list.len(), || {
        for (frame, kind) in &list {
            channel.push_video(frame, at, *kind).unwrap();
            let head = channel.head();
            channel.release(head).unwrap();
            later(&mut at, 40.0);
        }
    });
    Ok(())
}

fn sound(file: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut channel = Channel::open(&Config {
        video_codec: abi::VIDEO_NONE,
        audio_input: abi::AUDIO_PCM,
        sample_rate: SOUND_RATE,
        channels: 1,
        ..Config::new(RING_BYTES)
    })?;
    let mut at = Stamp { pts_ms: 0.0, utc_ms: 0.0, seq: 0 };
    measure("aac", file.len() / SOUND_PUSH, || {
        for samples in file.chunks_exact(SOUND_PUSH) {
            channel.push_audio(samples, at).unwrap();
            let head = channel.head();
            channel.release(head).unwrap();
            later(&mut at, 64.0);
        }
    });
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let files = env::args().skip(1).map(fs::read).collect::<Result<Vec<_>, _>>()?;
    video("ts", &files[0], abi::FORMAT_TS)?;
    video("fmp4", &files[0], abi::FORMAT_FMP4)?;
    video("ts-small", &files[1], abi::FORMAT_TS)?;
    sound(&files[2])
}
