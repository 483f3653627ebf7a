//! Diagnostics: findings about source text, as plain data.
//!
//! Each has a stable code, a place, a message, a help line and, where one exists, a fix as a text
//! edit. Drawing them over the source is `render`'s work; the JSON form is this data as it is.

use serde::Serialize;
use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// The stable codes, one for each kind of finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Code { $($(#[doc = $doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The code as text, in kebab case; also the serialised form.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$name => $text,)* }
            }

            /// What was found, in a sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Code::$name => concat!($($doc),*).trim_ascii(),)* }
            }

            /// Whether findings of this kind keep a program from running.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The first word of a line is no instruction.
    UnknownInstruction = "unknown-instruction", Error;
    /// An operand is not there.
    MissingOperand = "missing-operand", Error;
    /// An operand cannot be read as what it should be.
    MalformedOperand = "malformed-operand", Error;
    /// A quoted text or literal does not end, or an escape in it means nothing.
    MalformedText = "malformed-text", Error;
    /// A label stands on a line with something else, or cannot be a label.
    MalformedLabel = "malformed-label", Error;
    /// A label is defined twice in one function.
    DuplicateLabel = "duplicate-label", Error;
    /// A jump to a label that is not defined in its function.
    UnknownLabel = "unknown-label", Error;
    /// A jump to an index that its function cannot reach.
    TargetOutside = "target-outside", Error;
    /// `func` inside a definition, without `end`, or `end` without `func`.
    UnbalancedFunction = "unbalanced-function", Error;
    /// Two functions of one name.
    DuplicateFunction = "duplicate-function", Error;
    /// Two parameters of one name.
    DuplicateParameter = "duplicate-parameter", Error;
    /// A program's function called with a number of arguments it does not take.
    WrongArity = "wrong-arity", Error;
    /// A literal nested too deep.
    NestedTooDeep = "nested-too-deep", Error;
    /// The program has more of something than a program may have.
    TooLarge = "too-large", Error;
    /// Words after the last operand.
    ExtraWords = "extra-words", Warning;
    /// An instruction that control never comes to.
    Unreachable = "unreachable", Warning;
    /// A jump to a number past the end.
    JumpPastEnd = "jump-past-end", Warning;
    /// A call of a name that is neither defined nor known.
    UnknownFunction = "unknown-function", Warning;
    /// A function of the library called with a number of arguments it does not take.
    LibraryArity = "library-arity", Warning;
    /// A variable of a function that is used and that nothing is stored in.
    UnsetVariable = "unset-variable", Warning;
    /// A label nobody jumps to.
    UnusedLabel = "unused-label", Warning;
}

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The program runs; something about it is probably not meant.
    Warning,
    /// The program does not run.
    Error,
}

/// A place in source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column of the first character, in characters from 1.
    pub column: u32,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A text edit that would mend the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fix {
    /// What to replace.
    pub span: Span,
    /// What to put there.
    pub replacement: String,
}

/// A finding about a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// What kind of finding it is.
    pub code: Code,
    /// How grave it is; the code's own severity.
    pub severity: Severity,
    /// What was found, in a sentence without a full stop.
    pub message: String,
    /// Where in the source, if there is source text.
    pub span: Option<Span>,
    /// Which instruction it is about, if one.
    pub instruction: Option<u32>,
    /// What to do about it.
    pub help: Option<String>,
    /// An edit that does it.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A finding without place, help or fix; the other methods add them.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: code.severity(),
            message: message.into(),
            span: None,
            instruction: None,
            help: None,
            fix: None,
        }
    }

    /// The same finding, at a place in the source.
    #[must_use]
    pub fn at(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same finding, about an instruction.
    #[must_use]
    pub fn about(mut self, instruction: u32) -> Self {
        self.instruction = Some(instruction);
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same finding with an edit that mends it.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into() });
        self
    }

    /// Whether this keeps the program from running.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// One line: `Parse error on line 3: unknown instruction `psuh` (did you mean `push`?)`. Without source
/// text the line gives way to the instruction's index.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.severity {
            Severity::Error => "Parse error",
            Severity::Warning => "Warning",
        };
        match (self.span, self.instruction) {
            (Some(span), _) => write!(f, "{what} on line {}: {}", span.line, self.message)?,
            (None, Some(at)) => write!(f, "{what} at instruction {at}: {}", self.message)?,
            (None, None) => write!(f, "{what}: {}", self.message)?,
        }
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostic {}
