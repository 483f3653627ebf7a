//! What the command uses of the library, in one place.

/// STAND-IN until the engines are merged.
mod stand_in {
    use lau_agent_runtime::dsl::diagnostic::Diagnostic;
    use lau_agent_runtime::dsl::instruction::Instruction;
    use lau_agent_runtime::{Energy, Limits, Value};
    use lau_runtime::host::Interface;
    use lau_runtime::{Host, Outcome, Place};
    use std::collections::BTreeMap;
    use std::fmt;
    use std::sync::Arc;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) enum Engine {
        Interp,
    }
    impl fmt::Display for Engine {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("interp")
        }
    }
    impl std::str::FromStr for Engine {
        type Err = String;
        fn from_str(text: &str) -> Result<Self, String> {
            if text == "interp" { Ok(Engine::Interp) } else { Err(format!("no engine `{text}`")) }
        }
    }

    #[derive(Debug)]
    pub(crate) struct Program;
    impl fmt::Display for Program {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("stand-in\n")
        }
    }
    pub(crate) struct Compiled {
        pub(crate) program: Option<Program>,
        pub(crate) instructions: Vec<Instruction>,
        pub(crate) diagnostics: Vec<Diagnostic>,
        pub(crate) omitted: usize,
    }
    pub(crate) fn compile(_text: &str, _known: &Interface) -> Compiled {
        Compiled { program: Some(Program), instructions: vec![], diagnostics: vec![], omitted: 0 }
    }
    pub(crate) fn render(_: &str, _: &str, _: &[Diagnostic], _colour: bool) -> String {
        String::new()
    }
    pub(crate) fn print(_: &[Instruction]) -> String {
        String::new()
    }
    pub(crate) struct Linked;
    impl Linked {
        pub(crate) fn new(_: Arc<Program>, _: Interface) -> Self {
            Linked
        }
    }
    pub(crate) struct Instance {
        memory: BTreeMap<String, Value>,
        budget: Energy,
    }
    impl Instance {
        pub(crate) fn new(_: Arc<Linked>, _: Arc<Host>, _: Limits) -> Self {
            Instance { memory: BTreeMap::new(), budget: Energy::ZERO }
        }
        pub(crate) fn set_memory(&mut self, name: &str, value: &Value) -> Result<(), String> {
            self.memory.insert(name.to_owned(), value.clone());
            Ok(())
        }
        pub(crate) fn set_energy(&mut self, _used: Energy, budget: Energy) {
            self.budget = budget;
        }
        pub(crate) fn run(&mut self) -> Outcome {
            Outcome {
                ending: lau_runtime::Ending::Exhausted,
                place: Place { function: None, instruction: 0, line: Some(1), column: Some(1) },
                energy: Energy::ZERO,
                energy_total: Energy::ZERO,
                budget: self.budget,
                instructions: 0,
            }
        }
        pub(crate) fn memory(&self) -> Result<BTreeMap<String, Value>, String> {
            Ok(self.memory.clone())
        }
    }
}

pub(crate) use stand_in::{Compiled, Engine, Instance, Linked, compile, print, render};
