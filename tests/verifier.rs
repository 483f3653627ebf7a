//! The verifier refuses every malformed program: each way to break a good one, one at a time.

use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{Energy, Host, Program, Value};
use lau_runtime::program::{
    Action, CallId, ConstantId, DelegateId, FunctionId, Parts, Pc, QuantityId, Slot, SourcePlace,
    TextId,
};

const SOURCE: &str = "push [1]\nstore x\ncall f 1\ntry out 2\nlist 2\nenergy_check 1\n\
    delegate a t\nassert fine\njump end\nfunc f p\nload p\nstore q\nagain:\njump again\nend\nend:\n";

fn parts() -> Parts {
    let compiled = compile(SOURCE, &Host::default().interface());
    compiled.program.expect("no errors").parts().clone()
}

/// Breaks the parts; they must be refused, for the reason given.
fn refused(reason: &str, spoil: impl FnOnce(&mut Parts)) {
    let mut parts = parts();
    spoil(&mut parts);
    match Program::new(parts) {
        Ok(program) => panic!("accepted, where it should say {reason:?}:\n{program}"),
        Err(fault) => assert!(fault.what.contains(reason), "{reason:?}: {fault}"),
    }
}

/// The operation of the main body or of `f` that does such a thing.
fn find(parts: &mut Parts, wanted: fn(&Action) -> bool) -> &mut Action {
    &mut parts.ops.iter_mut().find(|op| wanted(&op.action)).expect("in the program").action
}

#[test]
fn what_lowering_makes_is_accepted() {
    assert!(Program::new(parts()).is_ok());
}

#[test]
fn indices_must_exist() {
    refused("no such constant", |p| p.ops[0].action = Action::Push(ConstantId::new(9)));
    refused("no such slot", |p| p.ops[1].action = Action::Store(Slot::new(9)));
    refused("no such slot", |p| p.ops[1].action = Action::Publish(Slot::new(9)).keep_price(p, 1));
    refused("no such function", |p| {
        *find(p, |a| matches!(a, Action::Call(..))) = Action::Call(FunctionId::new(7), 1);
    });
    refused("no such function", |p| {
        *find(p, |a| matches!(a, Action::Call(..))) = Action::Call(FunctionId::MAIN, 0);
    });
    refused("number of arguments", |p| {
        *find(p, |a| matches!(a, Action::Call(..))) = Action::Call(FunctionId::new(1), 2);
    });
    refused("no such called name", |p| {
        *find(p, |a| matches!(a, Action::TryOut(..))) = Action::TryOut(CallId::new(5), 2);
    });
    refused("no such amount", |p| {
        *find(p, |a| matches!(a, Action::EnergyCheck(_))) = Action::EnergyCheck(QuantityId::new(1));
    });
    refused("no such delegation", |p| {
        *find(p, |a| matches!(a, Action::Delegate(_))) = Action::Delegate(DelegateId::new(1));
    });
    refused("no such text", |p| {
        *find(p, |a| matches!(a, Action::Assert(_))) = Action::Assert(TextId::new(1));
    });
    refused("delegation outside", |p| p.delegations[0].field = Slot::new(99));
    refused("delegation outside", |p| p.delegations[0].note = ConstantId::new(99));
}

/// Puts the price that goes with an action beside it, so that another rule is what is broken.
trait KeepPrice {
    fn keep_price(self, parts: &mut Parts, at: usize) -> Action;
}
impl KeepPrice for Action {
    fn keep_price(self, parts: &mut Parts, at: usize) -> Action {
        parts.ops[at].energy = self.opcode().row().energy;
        self
    }
}

#[test]
fn jumps_stay_in_their_function() {
    let main_end = |p: &Parts| p.functions[0].code.end as usize;
    refused("out of the function", |p| {
        let inside = main_end(p);
        *find(p, |a| matches!(a, Action::Jump(_))) = Action::Jump(Pc::new(inside));
    });
    refused("out of the function", |p| {
        let at = main_end(p) + 2;
        assert!(matches!(p.ops[at].action, Action::Jump(_)), "the jump in `f`");
        p.ops[at].action = Action::Jump(Pc::new(0));
    });
    refused("out of the function", |p| {
        *find(p, |a| matches!(a, Action::Jump(_))) = Action::Jump(Pc::new(1_000));
    });
}

#[test]
fn prices_are_those_of_the_table() {
    for at in 0..parts().ops.len() {
        refused("not the price", |p| p.ops[at].energy += 1);
        if parts().ops[at].energy > 0 {
            refused("not the price", |p| p.ops[at].energy = 0);
        }
    }
    refused("a count beyond", |p| {
        let op = p.ops.iter_mut().find(|op| matches!(op.action, Action::List(_))).expect("a list");
        op.action = Action::List(1_000_001);
        op.energy = 100 + 50 * 1_000_001;
    });
}

#[test]
fn functions_cover_the_operations_in_order() {
    refused("no main body", |p| p.functions.clear());
    refused("has no name", |p| p.functions[0].name = Some("main".into()));
    refused("has no name", |p| p.functions[1].name = None);
    refused("no variables but memory", |p| p.functions[0].variables.push("x".into()));
    refused("more parameters than", |p| p.functions[1].parameters = 3);
    refused("too many variables", |p| {
        p.functions[1].variables = (0..1_025).map(|n| n.to_string()).collect();
    });
    refused("variable `p` twice", |p| p.functions[1].variables[1] = "p".into());
    refused("memory slot", |p| p.memory.push(p.memory[0].clone()));
    refused("called name", |p| p.calls.push("out".into()));
    refused("function `f` twice", |p| {
        let again = p.functions[1].clone();
        p.functions.push(again);
    });
    refused("does not follow", |p| p.functions[1].code.start += 1);
    refused("does not follow", |p| p.functions[1].code = p.functions[1].code.start..0);
    refused("beyond the operations", |p| p.functions[1].code.end += 9);
    refused("outside functions", |p| drop(p.functions.pop()));
    refused("`End` stands", |p| p.ops[0].action = Action::End.keep_price(p, 0));
    refused("`End` stands", |p| {
        let last = p.ops.len() - 1;
        p.ops[last].action = Action::Pop.keep_price(p, last);
    });
}

#[test]
fn places_belong_to_instructions() {
    refused("do not rise", |p| p.ops[1].at = 0);
    refused("do not rise", |p| p.ops[1].at = u32::MAX);
    refused("not one source place", |p| p.places.push(SourcePlace { line: 1, column: 1 }));
    refused("more than 4194304 instructions", |p| p.instructions = u32::MAX);
}

#[test]
fn literals_nest_within_the_limit() {
    refused("nests deeper", |p| {
        p.constants[0] = (0..201).fold(Value::Null, |inner, _| Value::List(vec![inner]));
    });
    assert_eq!(parts().quantities, [Energy::from_units(1.0)]);
}
