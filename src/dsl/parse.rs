//! Text to instructions: a line, its words, its operands, its place, and all that is wrong.
//!
//! Never fails: every line that is meant to be an instruction leaves one, so that indices are those the
//! author counts, and later checks find what else is wrong. A line that cannot be read leaves
//! `push null`, about which nothing can be wrong; a `func` line leaves a definition, since `end` and
//! labels depend on it; a jump to an unknown label goes to the next instruction. A program with stand-ins
//! must not run: [`Parsed::has_errors`].
//!
//! Whether definitions are balanced, targets in reach and functions known is not looked at here: that
//! is asked of instructions, whether they came from text or not.
//!
//! Time and memory are linear in the text, with everything that could grow beyond it limited.

mod label;
mod operand;

use super::diagnostic::{Code, Diagnostic, Span};
pub use super::finding::DIAGNOSTICS_MAX;
use super::finding::Findings;
use super::instruction::Instruction;
use super::literal::{VALUES_MAX, write_name};
use super::suggest;
use super::token::{Cursor, Token, Word, shown};
use label::Labels;
use lau_runtime::Value;
use lau_runtime::program::{INSTRUCTIONS_MAX, Opcode};
use operand::{Operands, Reader, Target};
use std::borrow::Cow;

/// How many labels a program may have.
pub const LABELS_MAX: usize = 1_048_576;

/// What was read from a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// One for each line that is neither blank, comment nor label.
    pub instructions: Vec<Instruction>,
    /// Where each instruction stands, from its first word to its last operand.
    pub spans: Vec<Span>,
    /// What was found, in the order of the text; errors have precedence over warnings where there are
    /// more than [`DIAGNOSTICS_MAX`].
    pub diagnostics: Vec<Diagnostic>,
    /// How many more diagnostics there are.
    pub omitted: usize,
}

impl Parsed {
    /// Whether the text is no program.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// Reads a program, or finds out all that keeps the text from being one.
///
/// ```
/// use lau_agent_runtime::{Instruction, dsl::parse::parse};
///
/// let parsed = parse("again:\n  load n  # a comment\n  jump_true again\n");
/// assert_eq!(parsed.instructions, [Instruction::Load("n".into()), Instruction::JumpTrue(0)]);
/// assert_eq!(parsed.spans[1].line, 3);
///
/// let parsed = parse("psuh 1");
/// assert_eq!(
///     parsed.diagnostics[0].to_string(),
///     "Parse error on line 1: unknown instruction `psuh` (did you mean `push`?)",
/// );
/// ```
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let Read { instructions, spans, findings } = read(text);
    let (diagnostics, omitted) = findings.into_diagnostics();
    Parsed { instructions, spans, diagnostics, omitted }
}

/// What was read from a text, before anything else is found out about it.
pub(crate) struct Read {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) spans: Vec<Span>,
    pub(crate) findings: Findings,
}

/// As [`parse`], for those that have more to report.
pub(crate) fn read(text: &str) -> Read {
    let mut parser = Parser {
        instructions: Vec::new(),
        spans: Vec::new(),
        findings: Findings::default(),
        labels: Labels::default(),
        values_left: VALUES_MAX,
        stopped: false,
    };
    // A byte order mark is no part of the first line, whatever editor left it.
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut number = 1_u32;
    for line in text[start..].split('\n') {
        parser.line(Cursor::new(line, number, start));
        if parser.stopped {
            break;
        }
        start += line.len() + 1;
        number = number.saturating_add(1);
    }
    parser.finish()
}

struct Parser<'t> {
    instructions: Vec<Instruction>,
    spans: Vec<Span>,
    findings: Findings,
    labels: Labels<'t>,
    values_left: u32,
    /// Something is too large, and the rest of the text was not looked at.
    stopped: bool,
}

impl<'t> Parser<'t> {
    fn line(&mut self, mut cursor: Cursor<'t>) {
        while !cursor.is_done() {
            let start = cursor.at();
            match cursor.first_word() {
                None => return,
                Some(Ok(Token { word: Word::Label(name), span })) => {
                    self.labels.define(name, span, self.instructions.len(), &mut self.findings);
                    if self.labels.len() > LABELS_MAX {
                        return self.too_large(LABELS_MAX, "labels", span);
                    }
                    let end = cursor.at();
                    if !cursor.is_done() {
                        let gap = cursor.span(end..cursor.at());
                        self.label_with_words(span, gap);
                    }
                }
                Some(Ok(Token { word: Word::Bare(":"), span })) => {
                    self.findings.report_with(Code::MalformedLabel, || {
                        let fault = Diagnostic::new(Code::MalformedLabel, "a label without a name");
                        fault.at(span).help("for example `loop:`")
                    });
                }
                Some(_) if self.instructions.len() == INSTRUCTIONS_MAX => {
                    let span = cursor.span(start..cursor.at());
                    return self.too_large(INSTRUCTIONS_MAX, "instructions", span);
                }
                Some(Ok(token)) => return self.instruction(&token, start, cursor),
                Some(Err(fault)) => {
                    let span = cursor.span(start..cursor.at());
                    self.findings.report(fault.about(self.index()));
                    return self.push(Instruction::Push(Value::Null), span);
                }
            }
        }
    }

    fn label_with_words(&mut self, label: Span, gap: Span) {
        self.findings.report_with(Code::MalformedLabel, || {
            let message = "a label stands alone on its line";
            let fault = Diagnostic::new(Code::MalformedLabel, message).at(label);
            fault.help("put what follows on the next line").fix(gap, "\n")
        });
    }

    fn instruction(&mut self, token: &Token<'t>, start: usize, mut cursor: Cursor<'t>) {
        let opcode = match &token.word {
            Word::Bare(name) => Opcode::named(name),
            Word::Quoted(_) | Word::Label(_) => None,
        };
        let Some(opcode) = opcode else {
            let index = self.index();
            self.findings.report_with(Code::UnknownInstruction, || {
                unknown_instruction(token, &mut cursor).about(index)
            });
            return self.push(Instruction::Push(Value::Null), token.span);
        };
        let mut operands = Reader {
            row: opcode.row(),
            index: self.index(),
            first: token.span,
            cursor: &mut cursor,
            findings: &mut self.findings,
            values_left: &mut self.values_left,
        }
        .read();
        if !operands.bad {
            let named = start + (token.span.end - token.span.start);
            self.extra_words(opcode, named, operands.end, &mut cursor);
        } else if opcode == Opcode::Func && operands.name.is_empty() {
            // No other function has such a name, so nothing is said of its being there twice.
            operands.name = Cow::Owned(format!("function in line {}\n", token.span.line));
        }
        self.stopped |= operands.too_large;
        let span = Span { end: token.span.start + (operands.end - start), ..token.span };
        let instruction = self.build(opcode, operands);
        self.push(instruction, span);
    }

    fn push(&mut self, instruction: Instruction, span: Span) {
        self.instructions.push(instruction);
        self.spans.push(span);
    }

    /// The index of the instruction that is being read.
    fn index(&self) -> u32 {
        u32::try_from(self.instructions.len()).unwrap_or(u32::MAX)
    }

    fn too_large(&mut self, max: usize, what: &str, span: Span) {
        let message = format!("the program has more than {max} {what}");
        let fault = Diagnostic::new(Code::TooLarge, message).at(span);
        self.findings.report(fault.help("what follows was not looked at"));
        self.stopped = true;
    }

    /// Warns of words behind the operands, which begin behind the name of the instruction.
    fn extra_words(
        &mut self,
        opcode: Opcode,
        named: usize,
        operands_end: usize,
        cursor: &mut Cursor<'t>,
    ) {
        if cursor.is_done() {
            return;
        }
        let start = cursor.at();
        let mut end = start;
        while !cursor.is_done() {
            cursor.skip_word();
            end = cursor.at();
        }
        let index = self.index();
        self.findings.report_with(Code::ExtraWords, || {
            let message = format!("more words than `{}` takes", opcode.row().name);
            let operands = cursor.text(named..end);
            let words = operands.trim_start();
            let several = opcode == Opcode::Push
                && words.starts_with(char::is_alphabetic)
                && !words.contains(['"', '\\']);
            let (help, place, fix) = if several {
                let begin = named + operands.len() - words.len();
                let help = "a text of several words is quoted: `push \"two words\"`";
                (help, cursor.span(begin..end), format!("\"{words}\""))
            } else {
                let help = "remove them, or put `#` before them";
                (help, cursor.span(operands_end..end), String::new())
            };
            let fault = Diagnostic::new(Code::ExtraWords, message).at(cursor.span(start..end));
            fault.about(index).help(help).fix(place, fix)
        });
    }

    fn build(&mut self, opcode: Opcode, operands: Operands<'t>) -> Instruction {
        if operands.bad && opcode != Opcode::Func {
            return Instruction::Push(Value::Null);
        }
        let Operands { value, number, units, target, params, .. } = operands;
        let (name, text) = (operands.name.into_owned(), operands.text.into_owned());
        let argc = u8::try_from(number).unwrap_or(u8::MAX);
        let target = match target {
            Target::Index(index) => index,
            Target::Label(name, span) => {
                self.labels.refer(name, span, self.instructions.len());
                self.instructions.len() + 1
            }
        };
        match opcode {
            Opcode::Push => Instruction::Push(value),
            Opcode::Pop => Instruction::Pop,
            Opcode::Dup => Instruction::Dup,
            Opcode::Swap => Instruction::Swap,
            Opcode::Over => Instruction::Over,
            Opcode::Store => Instruction::Store(name),
            Opcode::Load => Instruction::Load(name),
            Opcode::Take => Instruction::Take(name),
            Opcode::Observe => Instruction::Observe(name),
            Opcode::Publish => Instruction::Publish(name),
            Opcode::Add => Instruction::Add,
            Opcode::Sub => Instruction::Sub,
            Opcode::Mul => Instruction::Mul,
            Opcode::Div => Instruction::Div,
            Opcode::Rem => Instruction::Rem,
            Opcode::Pow => Instruction::Pow,
            Opcode::Neg => Instruction::Neg,
            Opcode::Eq => Instruction::Eq,
            Opcode::Ne => Instruction::Ne,
            Opcode::Lt => Instruction::Lt,
            Opcode::Le => Instruction::Le,
            Opcode::Gt => Instruction::Gt,
            Opcode::Ge => Instruction::Ge,
            Opcode::Not => Instruction::Not,
            Opcode::And => Instruction::And,
            Opcode::Or => Instruction::Or,
            Opcode::List => Instruction::List(number),
            Opcode::Map => Instruction::Map(number),
            Opcode::Get => Instruction::Get,
            Opcode::Len => Instruction::Len,
            Opcode::Has => Instruction::Has,
            Opcode::Append => Instruction::Append(name),
            Opcode::Put => Instruction::Put(name),
            Opcode::Jump => Instruction::Jump(target),
            Opcode::JumpIf => Instruction::JumpIf(target),
            Opcode::JumpTrue => Instruction::JumpTrue(target),
            Opcode::Call => Instruction::Call(name, argc),
            Opcode::Try => Instruction::Try(name, argc),
            Opcode::Return => Instruction::Return,
            Opcode::EnergyCheck => Instruction::EnergyCheck(units),
            Opcode::Delegate => Instruction::Delegate(name, text),
            Opcode::Assert => Instruction::Assert(text),
            Opcode::Fail => Instruction::Fail(text),
            Opcode::Func => {
                self.labels.enter();
                Instruction::Func(name, params)
            }
            Opcode::End => {
                self.labels.leave();
                Instruction::End
            }
        }
    }

    fn finish(mut self) -> Read {
        // Labels behind the place where reading stopped are not known.
        if !self.stopped {
            self.labels.resolve(&mut self.instructions, &mut self.findings);
        }
        Read { instructions: self.instructions, spans: self.spans, findings: self.findings }
    }
}

/// What to say about a first word that is no instruction.
fn unknown_instruction(token: &Token<'_>, cursor: &mut Cursor<'_>) -> Diagnostic {
    let (word, quoted) = match &token.word {
        Word::Bare(word) => (*word, false),
        Word::Quoted(word) | Word::Label(word) => (word.as_ref(), true),
    };
    let message = format!("unknown instruction {}", shown(word));
    let fault = Diagnostic::new(Code::UnknownInstruction, message).at(token.span);
    cursor.skip_space();
    if cursor.rest().trim_end() == ":" {
        let at = cursor.at();
        let end = cursor.span(at..at + 1).end;
        let fault = fault.help("in a label the `:` follows directly");
        return fault.fix(Span { end, ..token.span }, label(word));
    }
    if quoted && Opcode::named(word).is_some() {
        return fault.help("an instruction's name is not quoted").fix(token.span, word);
    }
    match suggest::instruction(word) {
        Some(name) => fault.help(format!("did you mean `{name}`?")).fix(token.span, name),
        None => fault,
    }
}

/// A name as a label's line.
fn label(name: &str) -> String {
    written(name) + ":"
}

fn written(name: &str) -> String {
    let mut out = String::new();
    write_name(&mut out, name).expect("writing to a String does not fail");
    out
}

#[cfg(test)]
mod tests;
