//! What is proved about programs before they are compiled: loops, heights, types, and who pays for what.

#![cfg(feature = "jit")]

use lau_agent_runtime::analysis::{Charge, Facts, Step, Type, blocks};
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Host, Linked};
use lau_runtime::program::{FunctionId, Pc};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

fn linked(source: &str) -> Linked {
    let host = Host::default();
    let program = compile(source, &host.interface()).program.expect("no errors");
    Linked::new(Arc::new(program), host.interface())
}

fn facts(linked: &Linked) -> Facts {
    Facts::of(linked, BTreeSet::new()).expect("not too large")
}

/// Checks that whichever way is gone through a segment, what was paid is what its blocks cost.
fn ways_are_paid_for(linked: &Linked, facts: &Facts) -> usize {
    let mut edges = 0;
    for (at, function) in facts.functions.iter().enumerate() {
        let flow = facts.flow(linked, FunctionId::new(at));
        for block in &function.blocks.list {
            let (Some(state), Some(charge)) =
                (function.states.get(&block.start), function.charges.get(&block.start))
            else {
                continue;
            };
            let covered = flow.covered(*block, state);
            assert_eq!((charge.price, charge.counted), (covered.price, covered.counted));
            assert!(charge.cheapest >= charge.price && charge.dearest >= charge.cheapest);
            let last = linked.program().parts().ops[block.end.index() - 1].action;
            if covered.end != Step::Done {
                continue;
            }
            let on = (!blocks::ends(last)).then_some(block.end);
            for next in blocks::target(last).into_iter().chain(on) {
                let Some(to) = function.charges.get(&next) else { continue };
                let (energy, instructions) = charge.edge(to);
                let ahead =
                    if to.head { (0, 0) } else { (to.cheapest, i64::from(to.instructions)) };
                assert_eq!(charge.cheapest + energy, charge.price + ahead.0);
                let counted = i64::from(charge.instructions) + instructions;
                assert_eq!(counted, i64::from(charge.counted) + ahead.1);
                // What was asked for at the head is enough for this way.
                let dearest = if to.head { 0 } else { to.dearest };
                assert!(charge.dearest >= charge.price + dearest);
                edges += 1;
            }
        }
    }
    edges
}

#[test]
fn every_way_through_a_segment_is_paid_for() {
    let mut edges = 0;
    for folder in ["examples", "benches/kernels", "tests/lang/instructions", "tests/lang/functions"]
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "lau") {
                let source = std::fs::read_to_string(&path).expect("text");
                let host = Host::default();
                if let Some(program) = compile(&source, &host.interface()).program {
                    let linked = Linked::new(Arc::new(program), host.interface());
                    edges += ways_are_paid_for(&linked, &facts(&linked));
                }
            }
        }
    }
    assert!(edges > 200, "{edges}");
}

#[test]
fn a_segment_asks_for_its_dearest_way_and_pays_for_its_cheapest() {
    // 0: load, jump_false (0.15), then 0.3 or nothing, then 0.05.
    let linked = linked("load x\njump_false out\npush 1\npush 2\npush 3\nout:\nreturn\n");
    let facts = facts(&linked);
    let charge = facts.functions[0].charges[&Pc::new(0)];
    let wanted =
        Charge { head: true, price: 150, counted: 2, dearest: 450, cheapest: 150, instructions: 2 };
    assert_eq!(charge, wanted);
    assert_eq!(charge.held_back(), 300);
    assert_eq!(charge.edge(&facts.functions[0].charges[&Pc::new(2)]), (300, 3));
}

#[test]
fn loops_are_found_and_types_go_around_them() {
    let linked = linked(
        "push 0\nstore i\nouter:\npush true\nstore b\ninner:\nload i\npush 1\nadd\nstore i\n\
         load b\njump_true inner\nload i\npush text\nstore t\npush 9\nlt\njump_true outer\nload i",
    );
    let facts = facts(&linked);
    let main = &facts.functions[0];
    let block = |at: usize| main.blocks.list[main.blocks.at(Pc::new(at)).expect("a block")];
    assert!(block(2).header && !block(2).inner, "{:?}", block(2));
    assert!(block(4).header && block(4).inner, "{:?}", block(4));
    assert!(!block(10).header && block(10).inner && !block(16).inner);
    assert_eq!(main.blocks.nesting, 2);
    let types = |at: usize| main.states[&Pc::new(at)].variables.clone();
    // Of the text nothing is known where it was not stored yet.
    assert_eq!(types(2), [Type::Number, Type::Word, Type::Word]);
    assert_eq!(types(4), [Type::Number, Type::Bool, Type::Word]);
    assert_eq!(types(16)[0], Type::Number);
}

#[test]
fn functions_are_known_by_their_calls_and_results() {
    let linked = linked(
        "push 1\npush true\ncall pick 2\npop\npush 2\npush false\ncall pick 2\npop\npush text\ncall same 1\n\
         func pick n b\nload b\njump_true yes\nload n\nreturn\nyes:\npush 1\ncall fact 1\nend\n\
         func same x\nload x\nend\nfunc fact n\nload n\npush 2\nlt\njump_true one\nload n\npush 1\nsub\n\
         call fact 1\nload n\nmul\nreturn\none:\npush 1\nend\nfunc uncalled a\nload a\nend",
    );
    let facts = facts(&linked);
    let known = |at: usize| {
        let id = FunctionId::new(at);
        (facts.summaries.parameter(id, 0), facts.summaries.result(id))
    };
    assert_eq!(known(1), (Some(Type::Number), Some(Type::Number)));
    assert_eq!(facts.summaries.parameter(FunctionId::new(1), 1), Some(Type::Bool));
    assert_eq!(known(2), (Some(Type::Word), Some(Type::Word)));
    assert_eq!(known(3), (Some(Type::Number), Some(Type::Number)));
    assert_eq!(known(4), (Some(Type::Word), Some(Type::Word)));
}

#[test]
fn long_functions_are_made_in_parts_that_can_be_entered() {
    let mut source = "again:\n".to_owned();
    for at in 0..2_000 {
        writeln!(source, "load x\njump_false l{at}\npush {at}\nstore x\nl{at}:").expect("a string");
    }
    source.push_str("load x\njump_true again\n");
    let linked = linked(&source);
    let facts = facts(&linked);
    let main = &facts.functions[0];
    assert!(main.blocks.parts >= 4, "{}", main.blocks.parts);
    let mut before = None;
    for block in &main.blocks.list {
        if before.is_some_and(|part| part != block.part) {
            assert!(main.entries.contains(&block.start), "{block:?}");
        }
        before = Some(block.part);
    }
    ways_are_paid_for(&linked, &facts);
}
