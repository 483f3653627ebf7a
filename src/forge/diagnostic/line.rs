//! One line of what a compiler wrote.
//!
//! Borrowed and raw: nothing here is fit to be shown. Where a line can be read in two ways, because a file's name or a
//! message imitates the form, the first one is taken; either may be forged.

use super::Severity;

/// Longer lines are cut before anything looks at them.
const LINE_BYTES: usize = 10_000; // a path has at most 4,096, and may stand there twice

/// A file, and perhaps a line and column in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: Option<u32>,
    pub(super) column: Option<u32>,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    /// `skill.c:3:5: error: …`
    Finding { place: Place<'a>, severity: Severity, message: &'a str, option: Option<&'a str> },
    /// `In file included from skill.c:1:`; the first one of a chain, or one that goes on with it.
    Included { place: Place<'a>, first: bool },
    /// `skill.c: In function 'f':`; without a name at top level.
    Function(Option<&'a str>),
    /// It says what other lines and the exit status say too.
    Noise,
    /// Anything else.
    Other(&'a str),
}

/// The words of severity, of compiler and assembler, longer ones before those that they contain.
const SEVERITIES: [(&str, Severity); 10] = [
    ("internal compiler error", Severity::Error),
    ("fatal error", Severity::Error),
    ("error", Severity::Error),
    ("sorry, unimplemented", Severity::Error),
    ("warning", Severity::Warning),
    ("note", Severity::Note),
    ("Fatal error", Severity::Error),
    ("Error", Severity::Error),
    ("Warning", Severity::Warning),
    ("Info", Severity::Note),
];

/// Beginnings of what the linker says without a word of severity.
const LINKER: [&str; 4] = [
    "undefined reference to ",
    "multiple definition of ",
    "cannot find ",
    "relocation truncated to fit",
];

/// Says what a line is.
pub(super) fn read(line: &str) -> Line<'_> {
    let line = line[..line.floor_char_boundary(LINE_BYTES)].trim_end();
    included(line)
        .or_else(|| noise(line))
        .or_else(|| finding(line))
        .or_else(|| function(line))
        .or_else(|| linker(line))
        .unwrap_or(Line::Other(line))
}

fn included(line: &str) -> Option<Line<'_>> {
    let (place, first) = match line.strip_prefix("In file included from ") {
        Some(place) => (place, true),
        None if line.starts_with(' ') => (line.trim_start().strip_prefix("from ")?, false),
        None => return None,
    };
    let place = place_of(place.strip_suffix([',', ':'])?);
    place.line.is_some().then_some(Line::Included { place, first })
}

fn noise(line: &str) -> Option<Line<'_>> {
    let is = line.starts_with("compilation terminated")
        || line.ends_with(" warnings being treated as errors") && line.starts_with("cc1: ")
        || line.ends_with(": Assembler messages:")
        || line.ends_with("ld returned 1 exit status") && line.starts_with("collect2: ");
    is.then_some(Line::Noise)
}

fn finding(line: &str) -> Option<Line<'_>> {
    line.match_indices(": ").find_map(|(at, _)| {
        let rest = &line[at + 2..];
        let (severity, rest) = SEVERITIES.iter().find_map(|(word, severity)| {
            Some((*severity, (*word, rest.strip_prefix(word)?.strip_prefix(':')?)))
        })?;
        let (word, message) = rest;
        // That the compiler itself broke is a part of the message.
        let message = if word == "internal compiler error" { &line[at + 2..] } else { message };
        let (message, option) = option(message.trim());
        Some(Line::Finding { place: place_of(&line[..at]), severity, message, option })
    })
}

fn function(line: &str) -> Option<Line<'_>> {
    if line == "At top level:" || line.ends_with(": At top level:") {
        return Some(Line::Function(None));
    }
    let (_, named) =
        line.split_once(": In function ").or_else(|| line.split_once(": in function "))?;
    let named = named.strip_suffix([':', ','])?;
    Some(Line::Function(Some(named.trim_matches(['\'', '`', '‘', '’']))))
}

/// `/usr/bin/ld: skill.c:3: undefined reference to …`, each part of the beginning being optional.
fn linker(line: &str) -> Option<Line<'_>> {
    let (by_linker, said) = match line.split_once(": ") {
        Some((program, said)) if program.rsplit('/').next()?.starts_with("ld") => (true, said),
        Some(_) | None => (false, line),
    };
    let starts = |text: &str| LINKER.iter().any(|it| text.starts_with(it));
    let (place, message) = said
        .match_indices([':', ' '])
        .map(|(at, _)| (&said[..at], said[at + 1..].trim_start()))
        .find(|(_, message)| starts(message))
        .or_else(|| (by_linker && starts(said)).then_some(("", said)))?;
    // `skill.c:(.text+0x5)` is a place for the linker only.
    let place = place.split(":(").next().unwrap_or(place).trim_end_matches(':');
    let place = place_of(place);
    Some(Line::Finding { place, severity: Severity::Error, message, option: None })
}

/// Splits `skill.c:3:5`.
fn place_of(text: &str) -> Place<'_> {
    let number = |text: &'_ str| -> Option<(usize, u32)> {
        let (before, digits) = text.rsplit_once(':')?;
        let plain = digits.len() < 10 && digits.bytes().all(|digit| digit.is_ascii_digit());
        Some((before.len(), digits.parse().ok().filter(|_| plain)?))
    };
    let Some((end, last)) = number(text) else {
        return Place { file: text, line: None, column: None };
    };
    match number(&text[..end]) {
        Some((start, line)) => Place { file: &text[..start], line: Some(line), column: Some(last) },
        None => Place { file: &text[..end], line: Some(last), column: None },
    }
}

/// Splits off `[-Wformat=]`; what made an error of a warning names that warning.
fn option(message: &str) -> (&str, Option<&str>) {
    let split = message.strip_suffix(']').and_then(|message| message.rsplit_once(" [-W"));
    let Some((text, name)) = split else { return (message, None) };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '=' | '+' | '_');
    if name.is_empty() || name.len() > 60 || !name.chars().all(plain) {
        return (message, None);
    }
    (text, Some(name.strip_prefix("error=").unwrap_or(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, line: u32, column: u32) -> Place<'_> {
        let known = |number: u32| (number > 0).then_some(number);
        Place { file, line: known(line), column: known(column) }
    }

    #[test]
    fn a_line_is_taken_apart() {
        let finding = |line| {
            let Line::Finding { place, severity, message, option } = read(line) else {
                panic!("{line} is {:?}", read(line))
            };
            (place, severity, message, option)
        };
        use Severity::{Error, Note, Warning};
        assert_eq!(
            finding("/ws/a.c:3:5: warning: unused 'n' [-Wunused-parameter]"),
            (place("/ws/a.c", 3, 5), Warning, "unused 'n'", Some("unused-parameter"))
        );
        assert_eq!(
            finding("a.c:3:5: error: no [-Werror=format=]"),
            (place("a.c", 3, 5), Error, "no", Some("format="))
        );
        assert_eq!(finding("a.c:3: Error: no `x'"), (place("a.c", 3, 0), Error, "no `x'", None));
        assert_eq!(
            finding("gcc: fatal error: Killed signal terminated program cc1"),
            (place("gcc", 0, 0), Error, "Killed signal terminated program cc1", None)
        );
        assert_eq!(
            finding("a:1:2: note: b: error: c"),
            (place("a", 1, 2), Note, "b: error: c", None)
        );
        assert_eq!(
            finding("a.c:1:2: internal compiler error: Segmentation fault"),
            (place("a.c", 1, 2), Error, "internal compiler error: Segmentation fault", None)
        );
        assert_eq!(
            finding("/usr/bin/ld: /ws/./a.c:3: undefined reference to `g'"),
            (place("/ws/./a.c", 3, 0), Error, "undefined reference to `g'", None)
        );
        assert_eq!(
            finding("a.c:(.text+0x5): undefined reference to `g'"),
            (place("a.c", 0, 0), Error, "undefined reference to `g'", None)
        );
        assert_eq!(
            finding("/usr/bin/ld: cannot find -lq: No such file"),
            (place("", 0, 0), Error, "cannot find -lq: No such file", None)
        );
        assert_eq!(finding("a:99999999999:1: error: x").0.line, Some(1));
    }

    #[test]
    fn context_is_told_from_findings() {
        assert_eq!(read("a.c: In function 'f':"), Line::Function(Some("f")));
        assert_eq!(read("ld: a.o: in function `f':"), Line::Function(Some("f")));
        assert_eq!(read("a.c: At top level:"), Line::Function(None));
        let first = Line::Included { place: place("/ws/a.h", 1, 0), first: true };
        assert_eq!(read("In file included from /ws/a.h:1,"), first);
        let next = Line::Included { place: place("/ws/a.c", 2, 0), first: false };
        assert_eq!(read("                 from /ws/a.c:2:"), next);
        assert_eq!(read("compilation terminated."), Line::Noise);
        assert_eq!(read("cc1: some warnings being treated as errors"), Line::Noise);
        for other in
            ["", "from a:1:", "virtual memory exhausted", ": error", "a: [-W]", "é: In function "]
        {
            assert_eq!(read(other), Line::Other(other.trim_end()));
        }
    }
}
