//! What was probably meant: the nearest of some names, and what other languages call an instruction.
//!
//! A courtesy, so its cost is bounded: names beyond 32 characters are not compared at all, and who looks
//! through names that a program makes compares with at most [`COMPARED_MAX`] of them.

use lau_runtime::program::opcode::TABLE;

/// How many of a program's names one name is compared with.
pub(crate) const COMPARED_MAX: usize = 300;

/// The nearest name that differs in at most a third of its characters, whatever its case; of equally
/// near ones the first.
pub(crate) fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    const CHARACTERS_MAX: usize = 32;
    if word.len() > 4 * CHARACTERS_MAX {
        return None;
    }
    let word = word.to_lowercase();
    let length = word.chars().count();
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let other = if name.len() > 4 * CHARACTERS_MAX { usize::MAX } else { name.chars().count() };
        let near = (length.max(3) / 3).min(best.map_or(usize::MAX, |(distance, _)| distance - 1));
        if length.max(other) > CHARACTERS_MAX || length.abs_diff(other) > near {
            continue;
        }
        let distance = strsim::osa_distance(&word, &name.to_lowercase());
        if distance == 0 {
            return Some(name);
        }
        if distance <= near {
            best = Some((distance, name));
        }
    }
    best.map(|(_, name)| name)
}

/// What to write in place of a first word that is no instruction.
pub(super) fn instruction(word: &str) -> Option<&'static str> {
    let names = TABLE.iter().flat_map(|row| [Some(row.name), row.alias]).flatten();
    let lower = word.to_lowercase();
    let elsewhere = ELSEWHERE.iter().find(|(words, _)| words.split(' ').any(|w| w == lower));
    elsewhere.map(|(_, here)| *here).or_else(|| nearest(word, names))
}

/// What other languages say, and what says the same here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("jmp goto br branch b", "jump"),
    ("jz je jf brz beq brfalse jump_if_false jump_unless unless", "jump_if"),
    ("jnz jne jt brnz brtrue brif br_if jump_if_true", "jump_true"),
    ("ret exit halt quit stop yield", "return"),
    ("const ldc lit literal", "push"),
    ("drop discard", "pop"),
    ("duplicate", "dup"),
    ("mov set sto let var assign local.set", "store"),
    ("lod local.get", "load"),
    ("emit", "publish"),
    ("+ plus", "add"),
    ("- minus subtract", "sub"),
    ("* times multiply", "mul"),
    ("/ divide", "div"),
    ("% mod modulo remainder", "rem"),
    ("** power", "pow"),
    ("negate", "neg"),
    ("= == equal equals", "eq"),
    ("!= <> neq", "ne"),
    ("< less lt_num", "lt"),
    ("<= lte leq", "le"),
    ("> greater", "gt"),
    (">= gte geq", "ge"),
    ("! invert", "not"),
    ("&& &", "and"),
    ("|| |", "or"),
    ("array vec tuple", "list"),
    ("dict object table hash", "map"),
    ("index at nth", "get"),
    ("length size count", "len"),
    ("contains includes in", "has"),
    ("push_back", "append"),
    ("invoke", "call"),
    ("raise throw panic error abort", "fail"),
    ("def fn fun function proc define", "func"),
    ("endfunc endfn enddef done }", "end"),
    ("print println echo puts log", "call log 1"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsl::parse::parse;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        for (word, expected) in [
            ("psuh", Some("push")),
            ("PUSH", Some("push")),
            ("jumpif", Some("jump_if")),
            ("energycheck", Some("energy_check")),
            ("retrun", Some("return")),
            ("delegte", Some("delegate")),
            ("ret", Some("return")),
            ("print", Some("call log 1")),
            ("frobnicate", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(instruction(word), expected, "{word}");
        }
        assert_eq!(instruction(&"p".repeat(1_000_000)), None);
        assert_eq!(nearest("loop", ["loap", "Loop", "lop"].into_iter()), Some("Loop"));
    }

    #[test]
    fn words_from_elsewhere_are_not_ours_and_what_they_become_is() {
        for (words, here) in ELSEWHERE {
            let name = here.split(' ').next().unwrap();
            assert!(TABLE.iter().any(|row| row.name == name), "{here}");
            for word in words.split(' ') {
                assert!(parse(word).has_errors(), "`{word}` is an instruction");
            }
        }
    }
}
