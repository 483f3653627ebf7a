//! Shows where in the source a run ended, as diagnostics show theirs.
//!
//! Requires the text the program was compiled from. A program without places gets the words alone.

use super::source::Source;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};
use lau_agent_runtime::Place;
use lau_agent_runtime::dsl::diagnostic::Span;

/// Longer lines are named and not shown.
const LINE_BYTES_MAX: usize = 400;
/// How many calls are shown.
const CALLS_MAX: usize = 10;

/// Draws what happened, the instruction where it did, and the calls that led there, innermost first.
/// `span` is the instruction's place in the source.
pub(crate) fn draw(
    title: &str,
    source: &Source,
    place: &Place,
    span: Option<Span>,
    calls: &[Place],
    colour: bool,
) -> String {
    let group = Level::ERROR.primary_title(title);
    let group = match span.and_then(|span| Some((span, line(&source.text, span)?))) {
        None => group.element(Level::NOTE.message(place.to_string())),
        Some((span, (start, line))) if line.len() <= LINE_BYTES_MAX => {
            let words = span.start - start..span.end.min(start + line.len()) - start;
            group.element(
                Snippet::source(line)
                    .line_start(span.line as usize)
                    .path(&source.name)
                    .annotation(AnnotationKind::Primary.span(words)),
            )
        }
        Some((span, _)) => {
            let origin = Origin::path(&source.name).line(span.line as usize);
            group.element(origin.char_column(span.column as usize))
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

/// The line on which the span begins, and its first byte.
fn line(text: &str, span: Span) -> Option<(usize, &str)> {
    let (before, after) = (text.get(..span.start)?, text.get(span.start..)?);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = span.start + after.find('\n').unwrap_or(after.len());
    Some((start, text[start..end].trim_end_matches('\r')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(text: &str, span: Option<Span>, calls: usize) -> String {
        let source = Source { name: "p.lau".into(), text: text.into() };
        let place = Place { function: None, instruction: 7, line: Some(3), column: Some(1) };
        draw("Type error: no", &source, &place, span, &vec![place.clone(); calls], false)
    }

    #[test]
    fn the_line_and_the_instruction_are_shown() {
        let span = Span { line: 2, column: 3, start: 9, end: 17 };
        let drawing = drawn("push 1\n  call f 2 # é\r\nadd", Some(span), 0);
        assert!(drawing.contains("error: Type error: no"), "{drawing}");
        assert!(drawing.contains("p.lau:2:3"), "{drawing}");
        assert!(drawing.contains("  call f 2 # é"), "{drawing}");
        assert!(drawing.contains(" ^^^^^^^^\n") || drawing.ends_with(" ^^^^^^^^"), "{drawing}");
    }

    #[test]
    fn long_lines_missing_places_and_many_calls_do_no_harm() {
        let long = format!("push {}", "é".repeat(10_000));
        let span = Span { line: 1, column: 1, start: 0, end: long.len() };
        let drawing = drawn(&long, Some(span), 0);
        assert!(drawing.contains("p.lau:1:1") && drawing.len() < 200, "{drawing}");
        for (start, end) in [(0, 99), (6, 6), (7, 9), (99, 100)] {
            let _ = drawn("push 1", Some(Span { start, end, ..span }), 0);
        }
        assert!(drawn("", None, 0).contains("instruction 7"));
        let drawing = drawn("push 1", None, 13);
        assert!(drawing.contains("called from instruction 7, line 3"), "{drawing}");
        assert!(drawing.contains("and 3 more calls"), "{drawing}");
    }
}
