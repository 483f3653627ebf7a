//! Shows where in the source a run ended, as diagnostics show theirs.
//!
//! Requires the text the program was compiled from. A program without places gets the words alone.

use super::source::Source;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use lau_runtime::Place;
use std::ops::Range;

/// Longer lines are named and not shown.
const LINE_BYTES_MAX: usize = 400;
/// How many calls are shown.
const CALLS_MAX: usize = 10;

/// Draws what happened, the source line where it did, and the calls that led there, innermost first.
pub(crate) fn draw(
    title: &str,
    source: &Source,
    place: &Place,
    calls: &[Place],
    colour: bool,
) -> String {
    let group = Level::ERROR.primary_title(title);
    let group = match spot(&source.text, place) {
        None => group.element(Level::NOTE.message(place.to_string())),
        Some(Spot { number, line, word }) if line.len() <= LINE_BYTES_MAX => group.element(
            Snippet::source(line)
                .line_start(number)
                .path(&source.name)
                .annotation(AnnotationKind::Primary.span(word)),
        ),
        Some(Spot { number, line, word }) => {
            let column = line[..word.start].chars().count() + 1;
            group.element(Origin::path(&source.name).line(number).char_column(column))
        }
    };
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut drawing = renderer.render(&[group]);
    for call in calls.iter().take(CALLS_MAX) {
        drawing += &format!("\n  called from {call}");
    }
    if let Some(more) = calls.len().checked_sub(CALLS_MAX).filter(|more| *more > 0) {
        drawing += &format!("\n  and {more} more calls");
    }
    drawing
}

/// A source line and the bytes of the instruction's first word in it.
struct Spot<'a> {
    number: usize,
    line: &'a str,
    word: Range<usize>,
}

fn spot<'a>(text: &'a str, place: &Place) -> Option<Spot<'a>> {
    let number = place.line? as usize;
    let line = text.lines().nth(number.checked_sub(1)?)?;
    let column = place.column.unwrap_or(1).saturating_sub(1) as usize;
    let start = line.char_indices().nth(column).map_or(line.len(), |(at, _)| at);
    let rest = &line[start..];
    let end = start + rest.find(char::is_whitespace).unwrap_or(rest.len());
    Some(Spot { number, line, word: start..end })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32, column: u32) -> Place {
        Place { function: None, instruction: 7, line: Some(line), column: Some(column) }
    }

    fn drawn(text: &str, place: &Place, calls: &[Place]) -> String {
        let source = Source { name: "p.lau".into(), text: text.into() };
        draw("Type error: no", &source, place, calls, false)
    }

    #[test]
    fn the_line_and_the_word_are_shown() {
        let drawing = drawn("push 1\n  add # é\n", &place(2, 3), &[]);
        assert!(drawing.contains("error: Type error: no"), "{drawing}");
        assert!(drawing.contains("p.lau:2:3"), "{drawing}");
        assert!(drawing.contains("  add # é"), "{drawing}");
        assert!(drawing.contains("^^^") && !drawing.contains("^^^^"), "{drawing}");
    }

    #[test]
    fn long_lines_missing_lines_and_many_calls_do_no_harm() {
        let long = format!("push {}", "é".repeat(10_000));
        let drawing = drawn(&long, &place(1, 1), &[]);
        assert!(drawing.contains("p.lau:1:1") && drawing.len() < 200, "{drawing}");
        for (line, column) in [(9, 1), (1, 99_999), (0, 0), (u32::MAX, u32::MAX)] {
            let _ = drawn("push 1\n", &place(line, column), &[]);
        }
        let _ = drawn("", &place(1, 1), &[]);
        let nowhere = Place { line: None, column: None, ..place(1, 1) };
        assert!(drawn("", &nowhere, &[]).contains("instruction 7"));
        let drawing = drawn("push 1", &place(1, 1), &vec![place(3, 1); 13]);
        assert!(drawing.contains("called from instruction 7, line 3"), "{drawing}");
        assert!(drawing.contains("and 3 more calls"), "{drawing}");
    }
}
