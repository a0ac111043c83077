//! The time zone of a script's dates.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// How far the zone is ahead of UTC at a moment, both in milliseconds. Beyond the years that jiff knows the offset is
/// that of the last of them.
pub(super) fn offset(zone: &TimeZone, moment: f64) -> f64 {
    let moment = timestamp(moment);
    milliseconds(zone.to_offset(moment))
}

/// The moment at which the clocks of a zone show this time, given as if it were UTC. A time that does not occur counts
/// with the offset before the gap, one that occurs twice is the first: so the language has it.
pub(super) fn moment(zone: &TimeZone, wall: f64) -> f64 {
    let civil: DateTime = jiff::tz::Offset::UTC.to_datetime(timestamp(wall));
    let offset = match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset,
        AmbiguousOffset::Gap { before, .. } | AmbiguousOffset::Fold { before, .. } => before,
    };
    wall - milliseconds(offset)
}

#[allow(clippy::cast_possible_truncation, reason = "what is too large becomes the largest")]
fn timestamp(milliseconds: f64) -> Timestamp {
    let duration = SignedDuration::from_millis(milliseconds.floor() as i64);
    Timestamp::from_duration(duration).unwrap_or(if milliseconds < 0.0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn milliseconds(offset: jiff::tz::Offset) -> f64 {
    f64::from(offset.seconds()) * 1000.0
}
