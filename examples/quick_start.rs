//! An agent's first steps: a shell, a runtime for a task, a program of its own, a run.

use lau_agent_runtime::*;
use std::collections::HashMap;

fn read_sensors(_arguments: Vec<Value>) -> Value {
    let mut reading = HashMap::new();
    reading.insert("temp".to_string(), Value::Number(22.5));
    Value::Map(reading)
}

fn main() {
    let mut shell = AgentShell::new("journeyman", 1000.0);
    let id = shell.build_runtime("monitor sensors", "iot");
    shell.runtimes.get_mut(&id).unwrap().register_builtin("read_sensors", read_sensors);

    let runtime = shell.runtimes.get_mut(&id).unwrap();
    let program = "call read_sensors 0\nstore sensor_data\nobserve temp\nreturn";
    runtime.compile(program).unwrap();

    shell.activate(&id);
    let result = shell.execute().unwrap();
    println!("Success: {}", result.success);
    println!("Output: {:?}", result.output); // there is no field `temp`; it is inside `sensor_data`
    println!("Energy consumed: {:.2}", result.energy_consumed);
    println!("Instructions executed: {}", result.instructions_executed);
}
