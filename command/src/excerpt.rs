//! Shows where in the source a run ended, as diagnostics show theirs.
//!
//! Requires the text the program was compiled from, and where in it the instruction stands. Without them, or
//! for a program without places, there are the words alone.

use crate::source::Source;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use lau_runtime::Place;
use std::ops::Range;

/// Longer lines are named and not shown.
const LINE_BYTES_MAX: usize = 400;
/// How many calls are shown.
const CALLS_MAX: usize = 10;

/// Draws what happened, the instruction where it did, and the calls that led there, innermost first.
/// `bytes` are those of the instruction in the source.
#[must_use]
pub fn draw(
    title: &str,
    source: Option<&Source>,
    place: &Place,
    bytes: Option<Range<usize>>,
    calls: &[Place],
    colour: bool,
) -> String {
    let group = Level::ERROR.primary_title(title);
    let group = match source.and_then(|source| Some((source, shown(source, place, bytes?)?))) {
        None => group.element(Level::NOTE.message(place.to_string())),
        Some((source, shown)) if shown.text.len() <= LINE_BYTES_MAX => group.element(
            Snippet::source(shown.text)
                .line_start(shown.line)
                .path(&source.name)
                .annotation(AnnotationKind::Primary.span(shown.words)),
        ),
        Some((source, shown)) => {
            group.element(Origin::path(&source.name).line(shown.line).char_column(shown.column))
        }
    };
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut drawing = renderer.decor_style(DecorStyle::Ascii).render(&[group]);
    for call in calls.iter().take(CALLS_MAX) {
        drawing += &format!("\n  called from {call}");
    }
    if let Some(more) = calls.len().checked_sub(CALLS_MAX).filter(|more| *more > 0) {
        drawing += &format!("\n  and {more} more calls");
    }
    drawing
}

/// What is shown of a source.
struct Shown<'a> {
    line: usize,
    column: usize,
    /// The line.
    text: &'a str,
    /// The bytes of the line that are the instruction.
    words: Range<usize>,
}

/// The line on which the instruction begins, if it is one of the source.
fn shown<'a>(source: &'a Source, place: &Place, bytes: Range<usize>) -> Option<Shown<'a>> {
    let (before, after) = (source.text.get(..bytes.start)?, source.text.get(bytes.start..)?);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = bytes.start + after.find('\n').unwrap_or(after.len());
    let text = source.text[start..end].trim_end_matches('\r');
    let words = bytes.start - start..bytes.end.min(start + text.len()) - start;
    Some(Shown { line: place.line? as usize, column: place.column? as usize, text, words })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32) -> Place {
        Place { function: None, instruction: 7, line: Some(line), column: Some(column) }
    }

    fn drawn(text: &str, place: &Place, bytes: Option<Range<usize>>, calls: usize) -> String {
        let source = Source { name: "p.lau".into(), text: text.into() };
        let calls = vec![place.clone(); calls];
        draw("Type error: no", Some(&source), place, bytes, &calls, false)
    }

    #[test]
    fn the_line_and_the_instruction_are_shown() {
        let drawing = drawn("push 1\n  call f 2 # é\r\nadd", &at(2, 3), Some(9..17), 0);
        assert!(drawing.contains("error: Type error: no"), "{drawing}");
        assert!(drawing.contains("p.lau:2:3"), "{drawing}");
        assert!(drawing.contains("  call f 2 # é"), "{drawing}");
        assert!(drawing.contains(" ^^^^^^^^\n") || drawing.ends_with(" ^^^^^^^^"), "{drawing}");
    }

    #[test]
    fn long_lines_missing_places_and_many_calls_do_no_harm() {
        let long = format!("push {}", "é".repeat(10_000));
        let drawing = drawn(&long, &at(1, 1), Some(0..long.len()), 0);
        assert!(drawing.contains("p.lau:1:1") && drawing.len() < 200, "{drawing}");
        for bytes in [0..99, 6..6, 7..9, 99..100] {
            let _ = drawn("push 1", &at(1, 1), Some(bytes), 0);
        }
        assert!(drawn("", &at(3, 1), None, 0).contains("instruction 7"));
        let nowhere = Place { line: None, column: None, ..at(1, 1) };
        assert!(drawn("push 1", &nowhere, Some(0..6), 0).contains("instruction 7"));
        assert!(draw("no", None, &at(3, 1), Some(0..6), &[], false).contains("instruction 7"));
        let drawing = drawn("push 1", &at(3, 1), None, 13);
        assert!(drawing.contains("called from instruction 7, line 3"), "{drawing}");
        assert!(drawing.contains("and 3 more calls"), "{drawing}");
    }
}
