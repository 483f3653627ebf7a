//! From lines to a report: findings with their context, the worst first, and no more than an author needs.

use super::line::{self, Line, Place};
use super::{
    DIAGNOSTICS_MAX, Diagnostic, Inclusion, LINE_BYTES, LeftOut, MESSAGE_BYTES, NOTES_MAX, Places,
    REPORT_BYTES, REST_MAX, Report, Severity, Source, SourceLine, Where,
};
use crate::forge::shown::{capped, shown_lines};

/// Inclusions of one finding.
const INCLUDED: usize = 4;
/// Bytes of a function's name.
const NAME_BYTES: usize = 80;

pub(super) fn read(text: &str, sources: &[Source<'_>], places: &Places) -> Report {
    let mut reader = Reader {
        sources,
        places,
        groups: Vec::new(),
        rest: Vec::new(),
        function: None,
        included: Vec::new(),
        counts: [0; 3],
        open: false,
        left_out: LeftOut::default(),
    };
    for line in text.split('\n') {
        reader.add(line::read(line));
    }
    reader.report()
}

/// A finding with its notes, not yet fit to be shown.
struct Group<'a> {
    severity: Severity,
    findings: Vec<Raw<'a>>,
}

struct Raw<'a> {
    place: Place<'a>,
    severity: Severity,
    message: &'a str,
    option: Option<&'a str>,
    function: Option<&'a str>,
    included: Vec<Place<'a>>,
}

struct Reader<'a> {
    sources: &'a [Source<'a>],
    places: &'a Places,
    groups: Vec<Group<'a>>,
    rest: Vec<&'a str>,
    function: Option<&'a str>,
    included: Vec<Place<'a>>,
    /// Groups so far, by severity.
    counts: [usize; 3],
    /// Whether notes belong to the last group.
    open: bool,
    left_out: LeftOut,
}

impl<'a> Reader<'a> {
    fn add(&mut self, line: Line<'a>) {
        match line {
            Line::Finding { place, severity, message, option } => {
                let included = std::mem::take(&mut self.included);
                let function = self.function;
                self.finding(Raw { place, severity, message, option, function, included });
            }
            Line::Included { place, first } => {
                if first {
                    self.included.clear();
                }
                if self.included.len() < INCLUDED {
                    self.included.push(place);
                }
            }
            Line::Function(name) => self.function = name,
            Line::Noise | Line::Other("") => {}
            Line::Other(_) if self.rest.len() >= REST_MAX => self.left_out.rest += 1,
            Line::Other(text) => self.rest.push(text),
        }
    }

    fn finding(&mut self, raw: Raw<'a>) {
        let count = &mut self.counts[raw.severity as usize];
        let note = raw.severity == Severity::Note;
        match self.groups.last_mut() {
            Some(group) if note && self.open && group.findings.len() <= NOTES_MAX => {
                group.findings.push(raw);
            }
            Some(_) if note => self.left_out.diagnostics += 1,
            // As many of each severity as can be shown; the notes of others go with them.
            Some(_) | None if *count >= DIAGNOSTICS_MAX => {
                self.left_out.diagnostics += 1;
                self.open = false;
            }
            Some(_) | None => {
                *count += 1;
                self.open = true;
                self.groups.push(Group { severity: raw.severity, findings: vec![raw] });
            }
        }
    }

    fn report(mut self) -> Report {
        let mut groups = std::mem::take(&mut self.groups);
        groups.sort_by_key(|group| group.severity); // stable: the first error stays the first
        let mut report = Report { left_out: self.left_out, ..Report::default() };
        let mut left = REPORT_BYTES;
        let mut full = false;
        for raw in groups.into_iter().flat_map(|group| group.findings) {
            let next =
                (!full && report.diagnostics.len() < DIAGNOSTICS_MAX).then(|| self.shown(&raw));
            match next.filter(|next| size(next) <= left) {
                Some(next) => {
                    left -= size(&next);
                    report.diagnostics.push(next);
                }
                None => {
                    full = true; // a later, shorter one would look as if nothing were between
                    report.left_out.diagnostics += 1;
                }
            }
        }
        for text in &self.rest {
            let text = self.places.shown(text, LINE_BYTES);
            if text.len() <= left {
                left -= text.len();
                report.rest.push(text);
            } else {
                report.left_out.rest += 1;
            }
        }
        report
    }

    fn shown(&self, raw: &Raw<'_>) -> Diagnostic {
        let Place { file, line, column } = raw.place;
        let file = self.places.file(file, self.sources);
        let inclusion = |place: &Place<'_>| {
            Some(Inclusion { file: self.places.file(place.file, self.sources), line: place.line? })
        };
        Diagnostic {
            severity: raw.severity,
            line,
            column: column.map(|column| self.characters(&raw.place, column)),
            message: self.places.shown(raw.message, MESSAGE_BYTES),
            option: raw.option.map(|name| format!("-W{name}")),
            function: raw.function.map(|name| self.places.shown(name, NAME_BYTES)),
            included: raw.included.iter().filter_map(inclusion).collect(),
            lines: self.lines(&raw.place, raw.severity),
            help: help(raw),
            file,
        }
    }

    /// A column in characters. Compilers count bytes; where the line is not ours, it stays so.
    fn characters(&self, place: &Place<'_>, column: u32) -> u32 {
        let named = self.places.source(place.file, self.sources);
        let line = named
            .zip(place.line)
            .and_then(|(source, line)| source.text.lines().nth((line as usize).checked_sub(1)?));
        let before = (column as usize).saturating_sub(1);
        match line {
            Some(line) if before <= line.len() => {
                let count = line.char_indices().take_while(|(at, _)| *at < before).count();
                u32::try_from(count + 1).unwrap_or(column)
            }
            _ => column,
        }
    }

    /// The lines of source at a place, of a source file only.
    fn lines(&self, place: &Place<'_>, severity: Severity) -> Vec<SourceLine> {
        let around = match severity {
            Severity::Error => 1,
            Severity::Warning | Severity::Note => 0,
        };
        let named = self.places.source(place.file, self.sources);
        let (Some(source), Some(line @ 1..)) = (named, place.line) else { return Vec::new() };
        let count = source.text.lines().count();
        if line as usize > count {
            return Vec::new(); // `#line` says so
        }
        let first = line.saturating_sub(around).max(1);
        let lines = (first..=line + around).zip(source.text.lines().skip(first as usize - 1));
        lines
            .map(|(number, text)| SourceLine {
                number,
                text: capped(&shown_lines(text), LINE_BYTES),
            })
            .collect()
    }
}

/// What helps against the mistake that is made most.
fn help(raw: &Raw<'_>) -> Option<&'static str> {
    let absent = raw.message.ends_with(": No such file or directory");
    (absent && raw.severity == Severity::Error).then_some(
        "a header of the skill's own must be in the plan's `source`; quotes look in the folder of the including file",
    )
}

/// The bytes of text in a finding.
fn size(diagnostic: &Diagnostic) -> usize {
    let file = |file: &Where| match file {
        Where::Source(name) | Where::Header(name) => name.len(),
        Where::Elsewhere => 0,
    };
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    diagnostic.message.len()
        + length(&diagnostic.option)
        + length(&diagnostic.function)
        + file(&diagnostic.file)
        + diagnostic.included.iter().map(|place| file(&place.file)).sum::<usize>()
        + diagnostic.lines.iter().map(|line| line.text.len()).sum::<usize>()
}
