//! Camera video and sound into MPEG-TS or fragmented MP4: the Skyrill core, a WebAssembly module, in wasmtime.
//!
//! One [`Channel`] is one instance of the core. See the README for a complete program.
#![forbid(unsafe_code)]

#[rustfmt::skip] // generated
pub mod abi;
mod channel;
mod error;
mod records;

pub use channel::{Channel, Config, Stamp};
pub use error::Error;
pub use records::{Frame, Slice, Unit};
