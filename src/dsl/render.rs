//! Diagnostics drawn over the source, for a terminal.
//!
//! A thin layer on `annotate-snippets`: each diagnostic becomes a title with its code, the line with
//! its place underlined, and the help, with the fix as an edit of the line where there is one. The library
//! is given one line at a time, and of a long line only a window around the place, so that what drawing
//! costs does not depend on the size of the source. Whether to use colours is the caller's to know.

use super::diagnostic::{Diagnostic, Fix, Severity, Span};
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Patch, Renderer, Snippet};
use std::ops::Range;

/// How many characters of a line are shown before and after the beginning of a place.
const BEFORE_MAX: usize = 100;
const AFTER_MAX: usize = 400;

/// Draws the diagnostics of a source text, which came from a file or place of that name.
///
/// ```
/// use lau_agent_runtime::dsl::{parse::parse, render::render};
/// let source = "push 1\npsuh 2\n";
/// let drawn = render("a.lau", source, &parse(source).diagnostics, false);
/// assert_eq!(drawn, "\
/// error[unknown-instruction]: unknown instruction `psuh`
///  --> a.lau:2:1
///   |
/// 2 | psuh 2
///   | ^^^^
///   |
/// help: did you mean `push`?
///   |
/// 2 - psuh 2
/// 2 + push 2
///   |
/// ");
/// ```
#[must_use]
pub fn render(name: &str, source: &str, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&renderer.render(&report(name, source, diagnostic)));
        out.push('\n');
    }
    out
}

fn report<'a>(name: &'a str, source: &'a str, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(&diagnostic.message).id(diagnostic.code.as_str());
    let mut main = Group::with_title(title);
    let Some(span) = diagnostic.span else {
        main = match diagnostic.instruction {
            Some(index) => main.element(Level::NOTE.message(format!("instruction {index}"))),
            None => main,
        };
        let help = diagnostic.help.as_deref().map(|help| Level::HELP.message(help));
        return vec![main.elements(help)];
    };
    let window = Window::around(source, span);
    let underlined = AnnotationKind::Primary.span(window.range(span.start..span.end));
    let snippet = window.snippet(span).annotation(underlined);
    main = if window.ellipsis == 0 {
        main.element(snippet.path(name))
    } else {
        // The library would count the column from the window; it takes a place apart from the line.
        let place = Origin::path(name).line(span.line as usize).char_column(span.column as usize);
        main.element(place).element(snippet)
    };
    let patch = diagnostic.fix.as_ref().and_then(|fix| window.patch(fix));
    match (patch, diagnostic.help.as_deref()) {
        (Some(patch), help) => {
            let title = Level::HELP.secondary_title(help.unwrap_or("change it so"));
            vec![main, title.element(window.snippet(span).patch(patch))]
        }
        (None, Some(help)) => vec![main.element(Level::HELP.message(help))],
        (None, None) => vec![main],
    }
}

/// The part of a line that is shown.
struct Window {
    text: String,
    /// Which bytes of the source it shows.
    source: Range<usize>,
    /// How many bytes of `text` stand for what was cut off on the left.
    ellipsis: usize,
}

impl Window {
    fn around(source: &str, span: Span) -> Window {
        const ELLIPSIS: &str = "…";
        let at = source.floor_char_boundary(span.start);
        let (before, after) = source.split_at(at);
        let mut cut_left = false;
        let mut start = at;
        for (count, (place, c)) in before.char_indices().rev().enumerate() {
            if c == '\n' {
                break;
            }
            cut_left = count == BEFORE_MAX;
            if cut_left {
                break;
            }
            start = place;
        }
        let end = after
            .char_indices()
            .enumerate()
            .find(|(count, (_, c))| *c == '\n' || *count == AFTER_MAX)
            .map_or(source.len(), |(_, (place, _))| at + place);
        let cut_right = source[end..].chars().next().is_some_and(|c| c != '\n');
        let mut text = String::from(if cut_left { ELLIPSIS } else { "" });
        let ellipsis = text.len();
        text.push_str(source[start..end].trim_end_matches('\r'));
        text.push_str(if cut_right { ELLIPSIS } else { "" });
        Window { text, source: start..end, ellipsis }
    }

    fn snippet<'a, T: Clone>(&self, span: Span) -> Snippet<'a, T> {
        Snippet::source(self.text.clone()).line_start(span.line as usize)
    }

    /// The edit, if all of it is in the window. One that makes several lines of one takes the rest of
    /// the line along, for the library shows the lines that an edit writes.
    fn patch<'a>(&self, fix: &Fix) -> Option<Patch<'a>> {
        let Span { start, end, .. } = fix.span;
        if start < self.source.start || end < start || self.source.end < end {
            return None;
        }
        let mut range = self.range(start..end);
        let mut replacement = fix.replacement.clone();
        if replacement.contains('\n') {
            replacement.push_str(&self.text[range.end..]);
            range.end = self.text.len();
        }
        Some(Patch::new(range, replacement))
    }

    /// Bytes of the source as bytes of the text shown, as far as they are shown.
    fn range(&self, range: Range<usize>) -> Range<usize> {
        let place = |byte: usize| {
            let byte = byte.clamp(self.source.start, self.source.end) - self.source.start;
            self.text.floor_char_boundary((byte + self.ellipsis).min(self.text.len()))
        };
        let start = place(range.start);
        start..place(range.end).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsl::diagnostic::Code;
    use crate::dsl::parse::parse;

    fn drawn(source: &str) -> String {
        render("a.lau", source, &parse(source).diagnostics, false)
    }

    #[test]
    fn a_fix_that_adds_a_line() {
        let expected = "\
error[malformed-label]: a label stands alone on its line
 --> a.lau:2:1
  |
2 | again: jump again
  | ^^^^^^
  |
help: put what follows on the next line
  |
2 ~ again:
3 + jump again
  |
";
        assert_eq!(drawn("pop\r\nagain: jump again"), expected);
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let source = format!("push {} extra {}", "é".repeat(1_000), "x".repeat(10_000));
        let drawn = drawn(&source);
        assert!(drawn.contains(" --> a.lau:1:1007\n"), "{drawn}");
        assert!(drawn.contains("éé extra xxx"), "{drawn}");
        assert!(drawn.len() < 4_000, "{drawn}");
    }

    #[test]
    fn places_of_some_other_text_do_no_harm() {
        let span = |start, end| Span { line: 9, column: 7, start, end };
        for source in ["", "é", "a\né\n", "abc"] {
            for (start, end) in [(0, 0), (1, 1), (1, 0), (3, 2), (2, 4), (5, 9), (0, usize::MAX)] {
                let finding = Diagnostic::new(Code::WrongArity, "m").at(span(start, end));
                let fixed = finding.clone().fix(span(start, end), "x\ny");
                assert!(render("n", source, &[finding, fixed], true).contains('m'));
            }
        }
    }

    #[test]
    fn without_a_place_the_instruction_is_named() {
        let finding = Diagnostic::new(Code::TargetOutside, "m").about(3).help("h");
        let drawn = render("n", "", &[finding], false);
        assert_eq!(drawn, "error[target-outside]: m\n |\n = note: instruction 3\n = help: h\n");
    }
}
