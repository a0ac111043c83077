//! The action contract: what PowerShell makes of the contexts is read, and what HelloID expects is answered.

mod answer;
mod document;
mod import;
mod stub;
