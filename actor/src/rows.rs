//! Rows that a read of storage returned, in the frame that they came in (docs/exchange.md, "Rows").

#[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
use crate::exchange::FrameWriter;
use crate::exchange::{Buffer, Frame, FrameError, Slot};

/// Slots before the cells.
const ROWS_SLOTS: usize = 6;

/// A table of cells, with names where it is the answer to SQL.
#[derive(Debug)]
pub(crate) struct Rows {
    buffer: Buffer,
    rows: usize,
    columns: usize,
    /// Whether there are more than these.
    is_cut: bool,
    /// How many rows the statement has changed.
    changed: u64,
}

/// One cell. The runtime has one kind of number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'r> {
    Null,
    Number(f64),
    Text(&'r str),
    Blob(&'r [u8]),
}

impl Rows {
    /// Reads the head of a frame: its rows, or the host's words for why there are none.
    #[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "the native host writes them itself"))]
    pub(crate) fn read(buffer: Buffer) -> Result<Result<Self, String>, FrameError> {
        let head = Frame::new(buffer.as_bytes(), ROWS_SLOTS)?;
        if let Some(failure) = head.opt_str(1)? {
            return Ok(Err(failure.to_owned()));
        }
        let (rows, columns) = (head.i32(2)?.max(0) as usize, head.i32(3)?.max(0) as usize);
        let is_cut = head.i32(0)? != 0;
        // Names and cells alike: whoever reads one is checked again by the frame.
        Frame::new(buffer.as_bytes(), ROWS_SLOTS.saturating_add(columns.saturating_mul(rows + 1)))?;
        let changed = head.f64(4)? as u64;
        Ok(Ok(Self { buffer, rows, columns, is_cut, changed }))
    }

    /// Writes rows as the host's side does.
    #[cfg(any(not(target_arch = "wasm32"), debug_assertions))]
    pub(crate) fn write<'r>(
        names: &[&str],
        is_cut: bool,
        changed: u64,
        cells: impl ExactSizeIterator<Item = Cell<'r>>,
    ) -> Self {
        let (columns, rows) = (names.len(), if names.is_empty() { 0 } else { cells.len() / names.len() });
        let mut buffer = Buffer::default();
        let mut frame = FrameWriter::begin(&mut buffer, ROWS_SLOTS + columns + cells.len());
        frame.i32(0, i32::from(is_cut));
        frame.i32(2, rows as i32);
        frame.i32(3, columns as i32);
        frame.f64(4, changed as f64);
        for (slot, name) in (ROWS_SLOTS..).zip(names) {
            frame.str(slot, name);
        }
        for (slot, cell) in (ROWS_SLOTS + columns..).zip(cells) {
            match cell {
                Cell::Null => frame.null(slot),
                Cell::Number(number) => frame.f64(slot, number),
                Cell::Text(text) => frame.str(slot, text),
                Cell::Blob(bytes) => frame.bytes(slot, bytes),
            }
        }
        frame.finish();
        Self { buffer, rows, columns, is_cut, changed }
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// How many rows the statement has changed.
    pub(crate) fn changed(&self) -> u64 {
        self.changed
    }

    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// A column's name; empty where the host gave none.
    pub(crate) fn name(&self, column: usize) -> Result<&str, FrameError> {
        Ok(self.frame()?.opt_str(ROWS_SLOTS + column)?.unwrap_or_default())
    }

    /// One cell.
    pub(crate) fn cell(&self, row: usize, column: usize) -> Result<Cell<'_>, FrameError> {
        let (frame, slot) = (self.frame()?, ROWS_SLOTS + self.columns + row * self.columns + column);
        Ok(match frame.slot(slot)? {
            Slot::Null => Cell::Null,
            Slot::F64(number) => Cell::Number(number),
            Slot::Str(text) => Cell::Text(text),
            Slot::Bytes(bytes) => Cell::Blob(bytes),
            _ => Cell::Number(f64::from(frame.i32(slot)?)),
        })
    }

    fn frame(&self) -> Result<Frame<'_>, FrameError> {
        Frame::new(self.buffer.as_bytes(), ROWS_SLOTS + self.columns * (self.rows + 1))
    }
}
