//! The source against stand-ins of InPlanning.

#![allow(clippy::doc_markdown, reason = "InPlanning is the name of a product, not of an item")]

mod config;
mod failures;
mod flow;
mod rows;
mod sandbox;
mod support;
