//! The engine, through its public interfaces.

#[cfg(test)]
mod config;
#[cfg(test)]
mod evaluate;
#[cfg(test)]
mod flow;
#[cfg(test)]
mod store;
