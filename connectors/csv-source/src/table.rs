//! A file from its header to its last row.

use koppel::{Ctx, Result};

use crate::columns::{Columns, Layout};
use crate::config::Config;
use crate::faults::Faults;
use crate::opened::Opened;
use crate::rows::{Row, Rows, SAYS_DELIMITER, Stop, delimiter};
use crate::text::Letters;

/// After so many rows it is looked whether the run was stopped.
const ROWS_BETWEEN: u32 = 512;

/// A file whose header is known.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) opened: Opened,
    letters: Letters,
    pub(crate) delimiter: u8,
    pub(crate) columns: Columns,
}

impl Table {
    /// Reads the header; `None` where it has faults, which are noted.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub(crate) fn of(opened: Opened, config: &Config, layout: &Layout, faults: &mut Faults) -> Result<Option<Self>> {
        let broken = |error| opened.broken(&error);
        let letters = match Letters::of(&opened, config.encoding).map_err(broken)? {
            Ok(letters) => letters,
            Err((line, message)) => {
                opened.unchanged()?;
                faults.line(&opened.name, line, message);
                return Ok(None);
            }
        };
        let wanted = config.separator().map_err(|fault| koppel::Error::config(vec![fault]))?;
        let found = match wanted {
            Some(wanted) => Ok(wanted),
            None => delimiter(&opened, letters),
        };
        let read = found.and_then(|delimiter| {
            let mut rows = Rows::of(&opened, letters, delimiter).map_err(Stop::Unreadable)?;
            let header = header(&mut rows)?;
            let Some(header) = header else {
                faults.line(&opened.name, 1, format!("is empty; it needs the headers {}", layout.required.join(", ")));
                return Ok(None);
            };
            let columns = Columns::read(&opened.name, header, delimiter, layout, config.unknown_columns, faults);
            Ok(columns.map(|columns| (delimiter, columns)))
        });
        match read {
            Ok(read) => Ok(read.map(|(delimiter, columns)| Self { opened, letters, delimiter, columns })),
            Err(Stop::Odd(line, message)) => {
                opened.unchanged()?;
                faults.line(&opened.name, line, message);
                Ok(None)
            }
            Err(Stop::Unreadable(error)) => Err(opened.broken(&error)),
        }
    }

    /// Gives the texts of each row, with its line, to `each`, until that says no. Faults are noted.
    ///
    /// # Errors
    /// Where the file cannot be read, or the run was stopped.
    pub(crate) fn each(
        &self,
        ctx: &Ctx,
        faults: &mut Faults,
        mut each: impl FnMut(u64, &[&str], &mut Faults) -> Result<bool>,
    ) -> Result<()> {
        let name = &self.opened.name;
        let mut rows =
            Rows::of(&self.opened, self.letters, self.delimiter).map_err(|error| self.opened.broken(&error))?;
        let mut count = 0_u32;
        let mut next = match header(&mut rows) {
            Ok(_) => rows.next(),
            Err(stop) => Err(stop),
        };
        loop {
            match next {
                Ok(None) => return Ok(()),
                Ok(Some(row)) => {
                    if let Some(texts) = self.columns.texts(name, row, self.delimiter, faults)
                        && !each(row.line, &texts, faults)?
                    {
                        return Ok(());
                    }
                }
                Err(Stop::Odd(line, message)) => {
                    faults.line(name, line, message);
                    return Ok(());
                }
                Err(Stop::Unreadable(error)) => return Err(self.opened.broken(&error)),
            }
            count = count.wrapping_add(1);
            if count.is_multiple_of(ROWS_BETWEEN) {
                ctx.go_on()?;
            }
            next = rows.next();
        }
    }
}

/// The header line, which may stand behind one that says the delimiter.
fn header<'r>(rows: &'r mut Rows<'_>) -> Result<Option<Row<'r>>, Stop> {
    let first = rows.next()?;
    let says = first.is_some_and(|row| row.fields.get(0).is_some_and(|field| field.starts_with(SAYS_DELIMITER)));
    if says { rows.next() } else { Ok(rows.last()) }
}
