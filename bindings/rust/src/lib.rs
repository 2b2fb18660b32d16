//! Camera video and sound into MPEG-TS or fragmented MP4: the Skyrill core, a WebAssembly module, in wasmtime.
//!
//! One [`Channel`] is one instance of the core. See the README for a complete program.
//!
//! A channel is [`Send`]: it may move to another thread. Its methods that change something take `&mut self`, so calls of one channel cannot
//! overlap; channels are independent of each other. Dropping a channel frees its memory; what was not drained is gone.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

#[rustfmt::skip] // generated
#[allow(missing_docs)] // where the name says all
pub mod abi;
mod channel;
mod error;
mod records;

pub use channel::{Channel, Config, Stamp};
pub use error::Error;
pub use records::{Frame, Slice, Unit};
