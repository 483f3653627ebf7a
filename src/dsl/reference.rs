//! The instruction reference: the instruction table as a page for readers.

use lau_runtime::Energy;
use lau_runtime::program::opcode::{Row, TABLE};
use std::fmt::Write;

/// The instruction table in Markdown: line, price in units, stack effect and meaning.
///
/// ```
/// let reference = lau_agent_runtime::dsl::reference::instructions();
/// assert!(reference.contains("| `push value` | 0.1 | — → 1 | push the literal |"));
/// ```
#[must_use]
pub fn instructions() -> String {
    let mut page = "| line | price | stack | meaning |\n|---|---|---|---|\n".to_owned();
    for row in TABLE {
        // Writing to a String does not fail.
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            lines(row),
            price(row),
            stack(row),
            row.meaning
        );
    }
    page
}

fn lines(row: &Row) -> String {
    let line = |name: &str| {
        let operands = row.operands.iter().map(|operand| operand.placeholder());
        format!("`{}`", std::iter::once(name).chain(operands).collect::<Vec<_>>().join(" "))
    };
    match row.alias {
        Some(alias) => format!("{}, {}", line(row.name), line(alias)),
        None => line(row.name),
    }
}

fn price(row: &Row) -> String {
    let fixed = Energy::from_thousandths(u64::from(row.energy));
    if row.sized.is_empty() { fixed.to_string() } else { format!("{fixed} + {}", row.sized) }
}

/// What it takes and gives: `2 → 1`.
fn stack(row: &Row) -> String {
    use lau_runtime::program::opcode::Takes;
    let takes = match row.takes {
        Takes::Values(0) => "—".to_owned(),
        Takes::Values(n) => n.to_string(),
        Takes::TopOrNull | Takes::TopIfAny => "0 or 1".to_owned(),
        Takes::Count => "n".to_owned(),
        Takes::Pairs => "2n".to_owned(),
    };
    let gives = if row.gives == 0 { "—".to_owned() } else { row.gives.to_string() };
    if takes == "—" && gives == "—" { "—".to_owned() } else { format!("{takes} → {gives}") }
}
