//! Records a raw H.264 file (25 pictures a second) and a PCM file (16 bit, 8 kHz, mono) into a .ts or .mp4 file.

use std::{env, error::Error, fs};

use skyrill::{Channel, Config, Stamp, abi};

const FRAME_MS: i32 = 40;
const RATE: i32 = 8000;
const PUSH_BYTES: usize = 2 * 1024; // 1024 samples
const UTC_START: f64 = 1_700_000_000_000.0;

/// Cuts where, after a slice, a parameter set, SEI, delimiter or first slice begins. Tells whether an IDR was in it.
fn access_unit(stream: &[u8]) -> (usize, bool) {
    let (mut slice, mut idr) = (false, false);
    for at in 0..stream.len().saturating_sub(4) {
        if stream[at..at + 3] != [0, 0, 1] {
            continue;
        }
        let kind = stream[at + 3] & 31;
        let is_slice = kind == 1 || kind == 5;
        if slice && ((6..=9).contains(&kind) || is_slice && stream[at + 4] & 0x80 != 0) {
            return (at - usize::from(stream[at - 1] == 0), idr);
        }
        slice |= is_slice;
        idr |= kind == 5;
    }
    (stream.len(), idr)
}

fn stamp(ms: f64, seq: i32) -> Stamp {
    Stamp { pts_ms: ms, utc_ms: UTC_START + ms, seq }
}

fn main() -> Result<(), Box<dyn Error>> {
    let [video, audio, target] =
        env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "VIDEO AUDIO TARGET")?;
    let (video, audio) = (fs::read(video)?, fs::read(audio)?);
    let mut channel = Channel::open(&Config {
        format: if target.ends_with(".mp4") { abi::FORMAT_FMP4 } else { abi::FORMAT_TS },
        audio_input: abi::AUDIO_PCM,
        sample_rate: RATE,
        channels: 1,
        ..Config::new(512 * 1024)
    })?;
    let mut out = fs::File::create(target)?;
    let mut sound = audio.chunks_exact(PUSH_BYTES).enumerate().peekable();
    let (mut video, mut picture) = (&video[..], 0);
    while !video.is_empty() {
        let (length, idr) = access_unit(video);
        let pts = f64::from(picture * FRAME_MS);
        channel.push_video(&video[..length], stamp(pts, picture), if idr { abi::FRAME_I } else { abi::FRAME_P })?;
        let ms = |push: usize| push as f64 * 1024.0 * 1000.0 / f64::from(RATE);
        while let Some((push, samples)) = sound.next_if(|(push, _)| ms(*push) <= pts) {
            channel.push_audio(samples, stamp(ms(push), push as i32))?;
        }
        let head = channel.head();
        channel.drain(&mut out, head)?;
        video = &video[length..];
        picture += 1;
    }
    channel.flush(abi::CLOSED_STOP)?;
    let head = channel.head();
    channel.drain(&mut out, head)?;
    Ok(())
}
