//! `koppel serve`: the same documents over HTTP.

mod answers;
mod bounds;
mod doors;
mod imports;
mod log;
mod shim;
mod start;
mod stop;
mod support;
mod told;
