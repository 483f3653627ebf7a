//! A profile as a flame graph, drawn by `inferno`.
//!
//! Frames are the functions of the tree of calls, from the main body up, and on top of each its lines. They
//! stand in the order of the source and of first calls. The measure is thousandths of a unit, and the whole
//! is what the run used. What is too narrow to be seen is left in the frame below it. So the size of a
//! picture is bounded, whatever the program.

use super::{line, name, shortened};
use inferno::flamegraph::{Options, TextTruncateDirection, from_lines};
use lau_agent_runtime::{Ending, Outcome, Profile};
use lau_command::source::Source;
use lau_runtime::profile::Node;

/// What is less than this part of the whole has no frame of its own.
const PARTS: u64 = 2_000;

/// Characters of a frame's name.
const NAME_MAX: usize = 40;

/// The picture, as SVG.
pub(super) fn graph(profile: &Profile, outcome: &Outcome, source: &Source) -> Vec<u8> {
    let mut options = Options::default();
    options.title = format!("lau profile {}", visible(&source.name));
    let ending = match &outcome.ending {
        Ending::Finished { .. } => "finished",
        Ending::Exhausted => "exhausted",
        Ending::Suspended { .. } => "suspended",
        Ending::Trapped { .. } => "trapped",
    };
    let (energy, count) = (outcome.energy, outcome.instructions);
    options.subtitle = Some(format!("{ending}: {energy} units, {count} instructions"));
    options.count_name = "thousandths of a unit".to_owned();
    options.name_type = "Function or line:".to_owned();
    options.text_truncate_direction = TextTruncateDirection::Right;
    // By the names alone, so that the same run is the same picture.
    options.deterministic = true;
    // In the order given, from the right.
    options.flame_chart = true;
    let stacks = stacks(profile, &source.text);
    let mut svg = Vec::new();
    let drawn = from_lines(&mut options, stacks.iter().rev().map(String::as_str), &mut svg);
    drawn.expect("there is something to draw, and memory takes it");
    svg
}

/// The tree as `inferno` reads it: `frame;frame;frame thousandths`, from the left to the right.
fn stacks(profile: &Profile, source: &str) -> Vec<String> {
    let tree = Tree::new(profile, source);
    let mut stacks = Vec::new();
    let mut todo = vec![(0, String::new())];
    while let Some((at, below)) = todo.pop() {
        let stack = format!("{below}{}", tree.frame(at));
        let node = &tree.nodes[at];
        let mut own = node.own().energy.thousandths();
        let mut lines = Vec::new();
        for (instruction, spent) in &node.own {
            let energy = spent.energy.thousandths();
            if tree.is_seen(energy) {
                own -= energy;
                lines.push(format!("{stack};{} {energy}", tree.line(*instruction)));
            }
        }
        stacks.append(&mut lines);
        for child in tree.children[at].iter().rev() {
            if tree.is_seen(tree.whole[*child]) {
                todo.push((*child, format!("{stack};")));
            } else {
                own += tree.whole[*child];
            }
        }
        if own > 0 {
            stacks.push(format!("{stack} {own}"));
        }
    }
    if stacks.is_empty() {
        // There must be something to draw.
        stacks.push(format!("{} 1", escaped("(no energy was spent)")));
    }
    stacks
}

/// The nodes of a profile with what they took together with what they called.
struct Tree<'a> {
    nodes: Vec<Node>,
    whole: Vec<u64>,
    children: Vec<Vec<usize>>,
    profile: &'a Profile,
    text: Vec<&'a str>,
}

impl<'a> Tree<'a> {
    fn new(profile: &'a Profile, source: &'a str) -> Tree<'a> {
        let nodes = profile.nodes();
        let mut whole: Vec<u64> = nodes.iter().map(|n| n.own().energy.thousandths()).collect();
        let mut children = vec![Vec::new(); nodes.len()];
        for at in 1..nodes.len() {
            children[nodes[at].parent.unwrap_or(0)].push(at);
        }
        // Callers come before what they call.
        for at in (1..nodes.len()).rev() {
            whole[nodes[at].parent.unwrap_or(0)] += whole[at];
        }
        Tree { nodes, whole, children, profile, text: source.lines().collect() }
    }

    fn is_seen(&self, energy: u64) -> bool {
        energy > 0 && energy >= self.whole[0] / PARTS
    }

    fn frame(&self, at: usize) -> String {
        let Some(function) = self.nodes[at].function else {
            return "(other\u{a0}calls)".to_owned();
        };
        let functions = &self.profile.program().parts().functions;
        escaped(&shortened(&name(functions[function.index()].name.as_deref()), NAME_MAX))
    }

    fn line(&self, instruction: u32) -> String {
        let places = &self.profile.program().parts().places;
        let at = places.get(instruction as usize).map_or(0, |place| place.line);
        let text = self.text.get((at as usize).wrapping_sub(1)).map_or("", |text| text.trim());
        escaped(&shortened(&format!("{at}: {}", line(text)), NAME_MAX))
    }
}

/// A text as a frame of `inferno`, for which `;` and blanks mean something. No frame ends in a blank.
fn escaped(text: &str) -> String {
    // They look the same.
    visible(text).replace(';', "\u{37e}").replace(' ', "\u{a0}")
}

/// A text in XML, which does not have all characters.
fn visible(text: &str) -> String {
    line(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}
