//! One compiled program on many threads, its runs handed from thread to thread at every stop.

use lau_agent_runtime::engine::Prepared;
use lau_agent_runtime::lower::compile;
use lau_agent_runtime::{
    Builtin, Energy, Engine, Host, Instance, Limits, Linked, Outcome, TrapKind, Value,
};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

const THREADS: usize = 8;
/// Runs that each thread starts.
const STARTS: usize = 100;

/// Collects numbers in a list, with calls of its own and of the host's, typed and plain; from 60 on it
/// goes beyond the end of the list.
const PROGRAM: &str = "push []\nstore all\npush {}\nstore seen\npush 0\nstore i\n\
    again:\nload i\ncall fib 1\ncall half 1\nappend all\n\
    push last\nload i\ncall plain 1\nput seen\n\
    load i\npush 1\nadd\nstore i\nload i\nload rounds\nlt\njump_true again\n\
    load rounds\npush 60\nge\njump_false fine\nload all\nload rounds\nget\npop\n\
    fine:\nload seen\nload all\nlist 2\nreturn\n\
    func fib n\nload n\npush 5\nrem\nstore n\nload n\npush 2\nlt\njump_false larger\nload n\nreturn\n\
    larger:\nload n\npush 1\nsub\ncall fib 1\nload n\npush 2\nsub\ncall fib 1\nadd\nreturn\nend";

/// What is asked of a run: the input, and how much energy it has at first and gets at each stop.
#[derive(Clone, Copy)]
struct Task {
    rounds: u32,
    budget: Energy,
    extra: Energy,
}

impl Task {
    /// Tasks that differ with the number: some end at once, some stop often, some trap.
    fn numbered(number: usize) -> Task {
        let number = u32::try_from(number).expect("there are few");
        Task {
            rounds: 1 + number * 7 % 64,
            budget: Energy::from_thousandths(u64::from(number) * 613 % 40_000),
            extra: Energy::from_thousandths(5_000 + u64::from(number) * 331 % 90_000),
        }
    }

    fn instance(self, prepared: &Prepared, host: &Arc<Host>) -> Instance {
        let mut instance = prepared.instance(host.clone(), Limits::default()).expect("its host");
        let rounds = Value::from(f64::from(self.rounds));
        instance.set_memory("rounds", &rounds).expect("within the limits");
        instance.set_energy(Energy::ZERO, self.budget);
        instance
    }
}

/// A run, and what was seen of it so far.
struct Job {
    task: Task,
    instance: Instance,
    outcomes: Vec<Outcome>,
}

impl Job {
    fn new(task: Task, prepared: &Prepared, host: &Arc<Host>) -> Job {
        Job { task, instance: task.instance(prepared, host), outcomes: Vec::new() }
    }

    /// Runs to the next stop; false where there is nothing more to run.
    fn advance(&mut self) -> bool {
        let outcome = if self.outcomes.is_empty() {
            self.instance.run()
        } else {
            self.instance.resume(self.task.extra).expect("it is stopped")
        };
        self.outcomes.push(outcome);
        self.instance.is_resumable()
    }
}

fn host() -> Host {
    let mut host = Host::default();
    host.register("half", Builtin::typed(|x: f64| x / 2.0));
    host.register("plain", Builtin::new(Value::List));
    host
}

#[test]
fn one_compiled_program_serves_eight_threads() {
    let host = Arc::new(host());
    let program = compile(PROGRAM, &host.interface()).program.expect("no errors");
    let linked = Arc::new(Linked::new(Arc::new(program), host.interface()));
    let oracle = Prepared::new(Engine::Interp, linked.clone());
    for engine in Engine::ALL {
        let prepared = Prepared::new(*engine, linked.clone());
        assert_eq!(prepared.hints(), [""; 0]);
        let together = Barrier::new(THREADS);
        let waiting = Mutex::new(Vec::new());
        let ended = Mutex::new(Vec::new());
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (prepared, host, together) = (&prepared, &host, &together);
                let (waiting, ended) = (&waiting, &ended);
                scope.spawn(move || {
                    together.wait();
                    for start in 0..STARTS {
                        let task = Task::numbered(thread * STARTS + start);
                        let mut job = Job::new(task, prepared, host);
                        let more = job.advance();
                        let to = if more { waiting } else { ended };
                        to.lock().expect("nobody panics").push(job);
                    }
                    // Whatever is there now, whoever began it.
                    while let Some(mut job) = take(waiting, thread) {
                        let more = job.advance();
                        let to = if more { waiting } else { ended };
                        to.lock().expect("nobody panics").push(job);
                    }
                });
            }
        });
        // The runs hold what they need themselves.
        drop(prepared);
        judge(ended.into_inner().expect("nobody panics"), &oracle, &host);
    }
}

/// One of the jobs that wait, another for each thread.
fn take(waiting: &Mutex<Vec<Job>>, thread: usize) -> Option<Job> {
    let mut waiting = waiting.lock().expect("nobody panics");
    let at = (thread * 31).checked_rem(waiting.len())?;
    Some(waiting.swap_remove(at))
}

/// Holds runs to what the interpreter does alone.
fn judge(jobs: Vec<Job>, oracle: &Prepared, host: &Arc<Host>) {
    assert_eq!(jobs.len(), THREADS * STARTS);
    let (mut stops, mut traps) = (0, 0);
    for mut job in jobs {
        let mut alone = Job::new(job.task, oracle, host);
        while alone.advance() {}
        assert_eq!(job.outcomes, alone.outcomes);
        assert_eq!(job.instance.memory(), alone.instance.memory());
        let last = job.outcomes.last().expect("it ran");
        match last.trap() {
            Some(trap) => assert_eq!(trap.kind, TrapKind::IndexOutOfRange),
            None => assert!(last.output().is_some(), "{last:?}"),
        }
        stops += job.outcomes.len() - 1;
        traps += usize::from(last.trap().is_some());
        // It can run once more, though the program made ready is gone.
        job.instance.set_energy(Energy::ZERO, Energy::MAX);
        assert_eq!(job.instance.run().instructions, last.instructions);
    }
    println!("{stops} stops, {traps} traps");
    assert!(stops > 200 && traps > 5, "{stops} stops, {traps} traps");
}
