//! The kit, on connectors that keep to the contract and on such that do not.

#[cfg(test)]
mod manners;
#[cfg(test)]
mod names;
#[cfg(test)]
mod planted;
#[cfg(test)]
mod report;
#[cfg(test)]
mod tape;
#[cfg(test)]
mod toy;
