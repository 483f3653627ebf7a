//! The operands of one line, read as the instruction table says.
//!
//! What an operand is and which words are good for it stands here; which instruction they make does
//! not. An operand that cannot be read is reported and reading goes on, so that every bad operand of a
//! line is found; only where a line ends too early is one report enough.

use crate::dsl::diagnostic::{Code, Diagnostic, Span};
use crate::dsl::finding::Findings;
use crate::dsl::literal;
use crate::dsl::name;
use crate::dsl::token::{Cursor, Escapes, Fault, Token, Word, scan_quoted, shown};
use lau_runtime::Value;
use lau_runtime::program::COUNT_MAX;
use lau_runtime::program::opcode::{Operand, Row};
use std::borrow::Cow;

const PARAMS_MAX: usize = 255;

/// Where a jump goes.
pub(super) enum Target<'t> {
    Index(usize),
    Label(Cow<'t, str>, Span),
}

/// A place for each kind of operand; no instruction has two of a kind.
pub(super) struct Operands<'t> {
    pub(super) value: Value,
    pub(super) name: Cow<'t, str>,
    /// A task or words.
    pub(super) text: Cow<'t, str>,
    /// A number of arguments, or a count.
    pub(super) number: u32,
    pub(super) target: Target<'t>,
    pub(super) units: f64,
    pub(super) params: Vec<String>,
    /// Some operand is not what it should be; those that are good are there.
    pub(super) bad: bool,
    /// The program's literals are too large, and no more can be read.
    pub(super) too_large: bool,
    /// Where the last operand ends in the line.
    pub(super) end: usize,
}

/// What reading operands needs besides them.
pub(super) struct Reader<'r, 't> {
    pub(super) row: &'static Row,
    pub(super) cursor: &'r mut Cursor<'t>,
    pub(super) findings: &'r mut Findings,
    pub(super) values_left: &'r mut u32,
    /// The index of the instruction, and its first word.
    pub(super) index: u32,
    pub(super) first: Span,
}

impl<'t> Reader<'_, 't> {
    /// Reads what the instruction takes from behind its name, and reports what is missing or malformed.
    pub(super) fn read(&mut self) -> Operands<'t> {
        let mut operands = Operands {
            value: Value::Null,
            name: Cow::Borrowed(""),
            text: Cow::Borrowed(""),
            number: 0,
            target: Target::Index(0),
            units: 0.0,
            params: Vec::new(),
            bad: false,
            too_large: false,
            end: self.cursor.at(),
        };
        for &operand in self.row.operands {
            self.cursor.skip_space();
            if is_required(operand) && self.cursor.rest().is_empty() {
                self.report_missing(operand, &operands);
                operands.bad = true;
                break;
            }
            let start = self.cursor.at();
            if let Err(fault) = self.operand(operand, &mut operands) {
                self.report(*fault, &mut operands);
            }
            if self.cursor.at() > start {
                operands.end = self.cursor.at();
            }
        }
        operands
    }

    fn report(&mut self, fault: Diagnostic, operands: &mut Operands<'t>) {
        operands.bad = true;
        self.findings.report(fault.about(self.index));
    }

    fn operand(&mut self, operand: Operand, operands: &mut Operands<'t>) -> Result<(), Fault> {
        match operand {
            Operand::Literal => {
                let read = literal::literal(self.cursor, self.values_left);
                operands.too_large = read.as_ref().is_err_and(|f| f.code == Code::TooLarge);
                operands.value = read?;
            }
            Operand::Words => operands.text = self.words(),
            Operand::Params => self.params(operands),
            Operand::Task if self.cursor.is_done() => {}
            Operand::Name(_)
            | Operand::Task
            | Operand::Argc
            | Operand::Count
            | Operand::Target
            | Operand::Units => {
                if let Some(token) = self.cursor.word().transpose()? {
                    self.word(operand, token, operands)?;
                }
            }
        }
        Ok(())
    }

    fn word(
        &self,
        operand: Operand,
        token: Token<'t>,
        operands: &mut Operands<'t>,
    ) -> Result<(), Fault> {
        let span = token.span;
        let (text, quoted) = match token.word {
            Word::Bare(text) => (Cow::Borrowed(text), false),
            Word::Quoted(text) | Word::Label(text) => (text, true),
        };
        let good = match operand {
            Operand::Name(_) => {
                operands.name = short(text, span)?;
                return Ok(());
            }
            Operand::Task => {
                operands.text = short(text, span)?;
                return Ok(());
            }
            Operand::Target => match index(&text) {
                None if literal::number(&text).is_none() => {
                    operands.target = Target::Label(short(text, span)?, span);
                    return Ok(());
                }
                index => index.map(|index| operands.target = Target::Index(index)),
            },
            Operand::Argc => count(&text, u8::MAX.into()).map(|n| operands.number = n),
            Operand::Count => count(&text, COUNT_MAX).map(|n| operands.number = n),
            Operand::Units => literal::number(&text).map(|units| operands.units = units),
            Operand::Literal | Operand::Words | Operand::Params => None,
        };
        match good {
            Some(()) if !quoted => Ok(()),
            Some(()) => {
                let message = format!("{} is quoted where a number is expected", shown(&text));
                let fault = Diagnostic::new(Code::MalformedOperand, message).at(span);
                Err(Box::new(fault.help("remove the quotes").fix(span, text)))
            }
            None => {
                let message = format!("{} is not {}", shown(&text), expected(operand));
                let fault = Diagnostic::new(Code::MalformedOperand, message).at(span);
                Err(Box::new(fault.help(example(self.row))))
            }
        }
    }

    /// The rest of the line: what a quoted text says if it is one and nothing else, or as it stands.
    fn words(&mut self) -> Cow<'t, str> {
        let rest = self.cursor.rest().trim_end();
        self.cursor.advance(rest.len());
        if rest.starts_with('"') {
            let scanned = scan_quoted(rest, Escapes::Own);
            if let (true, Ok(text)) = (scanned.bytes == rest.len(), scanned.text) {
                return text;
            }
        }
        Cow::Borrowed(rest)
    }

    /// Every parameter up to the end of the line or a comment. A malformed one counts as one, so that
    /// calls with the right number of arguments stay right.
    fn params(&mut self, operands: &mut Operands<'t>) {
        while !self.cursor.is_done() {
            let start = self.cursor.at();
            let Some(word) = self.cursor.word() else { return };
            if operands.params.len() == PARAMS_MAX {
                let message = format!("a function has at most {PARAMS_MAX} parameters");
                let span = self.cursor.span(start..self.cursor.at());
                let fault = Diagnostic::new(Code::TooLarge, message).at(span).about(self.index);
                self.findings.report(fault.help("pass a list or a map"));
                return self.cursor.advance(self.cursor.rest().len());
            }
            let name = word.and_then(|Token { word, span }| match word {
                Word::Bare(name) => short(Cow::Borrowed(name), span),
                Word::Quoted(name) | Word::Label(name) => short(name, span),
            });
            let name = match name {
                Ok(name) => name.into_owned(),
                Err(fault) => {
                    self.report(*fault, operands);
                    format!("parameter {}", operands.params.len() + 1)
                }
            };
            operands.params.push(name);
        }
    }

    fn report_missing(&mut self, operand: Operand, operands: &Operands<'t>) {
        self.findings.report_with(Code::MissingOperand, || {
            let end = self.cursor.span(operands.end..operands.end).end;
            let message = format!("`{}` needs {}", self.row.name, expected(operand));
            let place = Span { end, ..self.first };
            let fault = Diagnostic::new(Code::MissingOperand, message).at(place);
            fault.about(self.index).help(example(self.row))
        });
    }
}

/// A name that is not too long.
fn short(name: Cow<'_, str>, span: Span) -> Result<Cow<'_, str>, Fault> {
    if name::is_too_long(&name) { Err(Box::new(name::too_long(&name).at(span))) } else { Ok(name) }
}

fn is_required(operand: Operand) -> bool {
    match operand {
        Operand::Task | Operand::Words | Operand::Params => false,
        Operand::Literal
        | Operand::Name(_)
        | Operand::Argc
        | Operand::Count
        | Operand::Target
        | Operand::Units => true,
    }
}

/// A number in decimal digits and nothing else, at most `max`.
fn count(text: &str, max: u32) -> Option<u32> {
    u32::try_from(index(text)?).ok().filter(|&n| n <= max)
}

/// An index in decimal digits and nothing else. One too large for any program is past the end of all.
fn index(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

fn expected(operand: Operand) -> String {
    const { assert!(COUNT_MAX == 1_000_000, "as the message says") };
    match operand {
        Operand::Literal => "a value".to_owned(),
        Operand::Name("name") => "a name".to_owned(),
        Operand::Name(what) => format!("the {what}'s name"),
        Operand::Task => "a task".to_owned(),
        Operand::Argc => "a number of arguments from 0 to 255".to_owned(),
        Operand::Count => "a number from 0 to 1,000,000".to_owned(),
        Operand::Target => "a label or the index of an instruction".to_owned(),
        Operand::Units => "an amount of energy in units".to_owned(),
        Operand::Words => "words".to_owned(),
        Operand::Params => "names of parameters".to_owned(),
    }
}

/// For example `call area 2`.
fn example(row: &Row) -> String {
    let operands = row.operands.iter().map(|operand| match operand {
        Operand::Literal => "42",
        Operand::Name("variable") => "total",
        Operand::Name("field") => "status",
        Operand::Name("agent") => "scout",
        Operand::Name(_) => "area",
        Operand::Task => "survey",
        Operand::Argc | Operand::Count => "2",
        Operand::Target => "loop",
        Operand::Units => "5",
        Operand::Words => "it holds",
        Operand::Params => "width height",
    });
    let words: Vec<_> = std::iter::once(row.name).chain(operands).collect();
    format!("for example `{}`", words.join(" "))
}
