use std::{fmt, io};

use crate::abi;

/// Why a call did not do what it was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The core refused.
    Refused {
        /// A negative number of [`abi`].
        status: i32,
        /// How many bytes were missing when room was too small, else 0.
        shortfall: i32,
    },
    /// The sink of [`Channel::drain`](crate::Channel::drain) failed.
    Sink(io::Error),
    /// The engine could not run the core.
    Engine(wasmtime::Error),
}

impl Error {
    /// Status of a refusal, 0 otherwise.
    pub fn status(&self) -> i32 {
        match self {
            Error::Refused { status, .. } => *status,
            _ => abi::OK,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused { status, shortfall } => {
                let (name, message) = abi::status_text(*status).unwrap_or(("UNKNOWN", "unknown status"));
                write!(f, "{name} ({status}): {message}")?;
                if *shortfall > 0 { write!(f, " ({shortfall} bytes are missing)") } else { Ok(()) }
            }
            Error::Sink(error) => error.fmt(f),
            Error::Engine(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Sink(error) => Some(error),
            Error::Refused { .. } | Error::Engine(_) => None,
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Sink(error)
    }
}

impl From<wasmtime::Error> for Error {
    fn from(error: wasmtime::Error) -> Self {
        Error::Engine(error)
    }
}
