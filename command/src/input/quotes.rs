//! Checks the quotes of a CSV file while it is read, by the rules of RFC 4180, and notes where rows begin.
//!
//! The `csv` crate takes any quoting as something. A misplaced quote swallows commas and lines, so here
//! it is an error with its line. And it takes a row to begin at the empty lines before it; what it gives
//! for a row's line cannot be told to a user. A byte order mark is passed over. What the fields hold is
//! not looked at.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::rc::Rc;

/// The lines on which rows begin, for rows that were passed on and not asked for yet: as many as
/// fit the reader's buffer.
#[derive(Clone, Debug, Default)]
pub(super) struct RowLines(Rc<RefCell<VecDeque<u64>>>);

impl RowLines {
    /// The line of the next row.
    pub(super) fn next(&self) -> Option<u64> {
        self.0.borrow_mut().pop_front()
    }
}

/// A quote where none may be, or one missing.
#[derive(Debug)]
pub(super) struct BadQuote {
    /// The line, from 1.
    pub(super) line: u64,
    what: &'static str,
}

impl fmt::Display for BadQuote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for BadQuote {}

#[derive(Clone, Copy)]
enum State {
    RowStart,
    FieldStart,
    Bare,
    Quoted,
    /// After a quote in a quoted field: the end of it, or the first half of a doubled quote.
    MaybeClosed,
}

/// Passes bytes on, up to the first bad quote.
pub(super) struct Quotes<R> {
    inner: R,
    state: State,
    line: u64,
    /// Where the quoted field began.
    opened: u64,
    bad: Option<BadQuote>,
    rows: RowLines,
}

impl<R: Read> Quotes<R> {
    /// Begins a file, after its byte order mark if it has one.
    pub(super) fn new(mut inner: R, rows: RowLines) -> io::Result<Quotes<impl Read>> {
        let mut head = Vec::new();
        inner.by_ref().take(3).read_to_end(&mut head)?;
        if head == b"\xef\xbb\xbf" {
            head.clear();
        }
        let inner = io::Cursor::new(head).chain(inner);
        Ok(Quotes { inner, state: State::RowStart, line: 1, opened: 0, bad: None, rows })
    }
}

impl<R> Quotes<R> {
    fn step(&mut self, byte: u8) -> Result<(), BadQuote> {
        let bad = |line, what| Err(BadQuote { line, what });
        if matches!(self.state, State::RowStart) && !matches!(byte, b'\r' | b'\n') {
            self.rows.0.borrow_mut().push_back(self.line);
        }
        self.state = match (self.state, byte) {
            (State::Quoted, b'"') => State::MaybeClosed,
            (State::Quoted, _) | (State::MaybeClosed, b'"') => State::Quoted,
            (State::RowStart | State::FieldStart, b'"') => {
                self.opened = self.line;
                State::Quoted
            }
            (State::Bare, b'"') => {
                return bad(self.line, "a quote inside a field that does not begin with one");
            }
            (_, b'\r' | b'\n') => State::RowStart,
            (_, b',') => State::FieldStart,
            (State::RowStart | State::FieldStart | State::Bare, _) => State::Bare,
            (State::MaybeClosed, _) => {
                return bad(self.line, "text after the closing quote of a field");
            }
        };
        self.line += u64::from(byte == b'\n');
        Ok(())
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(bad) = self.bad.take() {
            return Err(io::Error::other(bad));
        }
        let n = self.inner.read(buffer)?;
        for (at, byte) in buffer[..n].iter().enumerate() {
            if let Err(bad) = self.step(*byte) {
                // What came before goes on first, so that an earlier fault is told first.
                if at == 0 {
                    return Err(io::Error::other(bad));
                }
                self.bad = Some(bad);
                return Ok(at);
            }
        }
        if n == 0 && !buffer.is_empty() && matches!(self.state, State::Quoted) {
            let what = "a quoted field that begins on this line does not end";
            return Err(io::Error::other(BadQuote { line: self.opened, what }));
        }
        Ok(n)
    }
}
