//! From what sources give to who should have what.

mod aggregation;
mod matching;
mod naive;
mod reading;
mod world;
