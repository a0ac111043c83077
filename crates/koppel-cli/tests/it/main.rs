//! The binary `koppel` as its users meet it: a process of its own against the stand-in systems over real HTTP.

// InPlanning and IPassan are names of products, not of items.
#![allow(clippy::doc_markdown)]

#[cfg(test)]
mod about;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod batch;
#[cfg(test)]
mod conformance;
#[cfg(unix)]
#[cfg(test)]
mod conformance_manners;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod engine;
#[cfg(test)]
mod helloid_form;
#[cfg(test)]
mod helloid_lint;
#[cfg(test)]
mod helloid_shim;
#[cfg(test)]
mod help;
#[cfg(test)]
mod imports;
#[cfg(test)]
mod input;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod map;
#[cfg(test)]
mod parallel;
#[cfg(test)]
mod powershell;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod roster;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod schemas;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod support;
#[cfg(test)]
mod trouble;
