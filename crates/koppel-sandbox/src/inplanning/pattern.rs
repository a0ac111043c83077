//! The generated roster: what someone works on a day follows from the seed, nothing is stored.

use jiff::civil::Date;

use crate::seed::{mix, reduce};

/// What the generated roster of one employee follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The employee's own number.
    pub(crate) key: u64,
    /// The first day there is a roster for.
    pub(crate) first: Date,
    /// The last day there is a roster for.
    pub(crate) last: Date,
}

/// A kind of shift: its name, written with colons and without.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ShiftKind {
    colons: &'static str,
    digits: &'static str,
    pub(crate) name: &'static str,
}

impl ShiftKind {
    /// `shift.uname`; some groups write times without colons.
    pub(crate) fn uname(&self, digits: bool) -> &'static str {
        if digits { self.digits } else { self.colons }
    }
}

/// A generated day.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Generated {
    /// `uname` and name of an absence.
    pub(crate) absence: Option<(&'static str, &'static str)>,
    pub(crate) shifts: [Option<&'static ShiftKind>; 3],
    /// Which of the employee's groups the shifts are worked for.
    pub(crate) second_group: bool,
}

const fn kind(colons: &'static str, digits: &'static str, name: &'static str) -> ShiftKind {
    ShiftKind { colons, digits, name }
}

const EARLY: ShiftKind = kind("07:00-15:30 Vroeg", "0700-1530 Vroeg", "Vroege dienst");
const LATE: ShiftKind = kind("15:00-23:00 Laat", "1500-2300 Laat", "Late dienst");
const NIGHT: ShiftKind = kind("22:30-07:00 Nacht", "2230-0700 Nacht", "Nachtdienst");
const DAY: ShiftKind = kind("08:30-17:00 Dag", "0830-1700 Dag", "Dagdienst");
const ROUND_MORNING: ShiftKind = kind("07:00-11:00 Route ochtend", "0700-1100 Route ochtend", "Ochtendroute");
const ROUND_NOON: ShiftKind = kind("12:00-14:00 Route middag", "1200-1400 Route middag", "Middagroute");
const ROUND_EVENING: ShiftKind = kind("16:30-20:00 Route avond", "1630-2000 Route avond", "Avondroute");
const TRAINING: ShiftKind = kind("Scholing", "Scholing", "Scholing");

/// Two weeks each: early, late, night, day shift or off.
const CYCLES: [&[u8; 14]; 8] = [
    b"EEE--LL-EE-LLL",
    b"EE-EE---LL-LL-",
    b"NNN----NNNN---",
    b"DDDDD--DDDDD--",
    b"DDDD---DDDD---",
    b"E-E-E---L-L-L-",
    b"LLL--EE-LL-EE-",
    b"EE-LL--NN---EE",
];

impl Plan {
    /// What is worked on a day.
    pub(crate) fn day(&self, date: Date) -> Generated {
        let mut day = Generated::default();
        if date < self.first || date > self.last {
            return day;
        }
        let number = day_number(date);
        let draw = mix(self.key ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let cycle = CYCLES[reduce(self.key >> 8, CYCLES.len())];
        let shift = match cycle[reduce(number.wrapping_add(self.key >> 16), cycle.len())] {
            b'E' => Some(&EARLY),
            b'L' => Some(&LATE),
            b'N' => Some(&NIGHT),
            b'D' => Some(&DAY),
            _ => None,
        };
        let week = mix(self.key.rotate_left(17) ^ (number / 7));
        if week.is_multiple_of(25) {
            day.absence = Some(("VAK", "Vakantie"));
            return day;
        }
        let Some(shift) = shift else { return day };
        day.second_group = draw.is_multiple_of(10);
        day.shifts[0] = Some(shift);
        match (draw >> 8) % 60 {
            // Whoever is ill keeps the shift that was planned.
            0 => day.absence = Some(("ZK", "Ziek")),
            1 => day.shifts = [Some(&TRAINING), None, None],
            2 | 3 => day.shifts = [Some(&ROUND_MORNING), Some(&ROUND_EVENING), None],
            4 => {
                day.shifts = [Some(&ROUND_MORNING), Some(&ROUND_NOON), Some(&ROUND_EVENING)];
            }
            _ => {}
        }
        day
    }
}

/// The days since some day long ago; a Monday begins each week of seven.
fn day_number(date: Date) -> u64 {
    let days = jiff::civil::date(1, 1, 1).until(date).map_or(0, |span| span.get_days());
    u64::try_from(days).unwrap_or_default()
}
