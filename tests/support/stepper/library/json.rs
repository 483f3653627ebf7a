//! JSON, written and read, by hand.

use super::super::super::graph::{Body, Graph, Val, bytes};
use super::super::contents::Made;
use super::texts::number_text;
use super::{Fault, Gives, Stepper, fault};
use lau_runtime::TrapKind;
use std::collections::BTreeMap;

/// A value as compact JSON.
pub(super) fn written(graph: &Graph, value: Val) -> String {
    match (value, graph.body(value)) {
        (Val::Number(n), _) if n.is_finite() => number_text(n),
        (Val::Null | Val::Number(_), _) => "null".to_owned(),
        (Val::Bool(b), _) => b.to_string(),
        (_, Some(Body::Text(text) | Body::Reference(text))) => quoted(text),
        (_, Some(Body::List(items))) => {
            let items: Vec<String> = items.iter().map(|item| written(graph, *item)).collect();
            format!("[{}]", items.join(","))
        }
        (_, Some(Body::Map(entries))) => {
            let entry = |(key, value): (&String, &Val)| {
                format!("{}:{}", quoted(key), written(graph, *value))
            };
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(","))
        }
        (Val::Node(_), None) => unreachable!("every node has a body"),
    }
}

fn quoted(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

/// JSON as it is written: equal keys as often as they are there.
enum Json {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    fn own_size(&self) -> u64 {
        match self {
            Json::Null | Json::Bool(_) | Json::Number(_) => 0,
            Json::Text(text) => 32 + bytes(text),
            Json::List(items) => 32 + 8 * items.len() as u64,
            Json::Map(entries) => 32 + entries.iter().map(|(k, _)| 32 + bytes(k)).sum::<u64>(),
        }
    }

    /// Own sizes and levels of everything in it.
    fn measure(&self, sizes: &mut Vec<u64>) -> u64 {
        sizes.push(self.own_size());
        let mut inside = |all: &mut dyn Iterator<Item = &Json>| {
            1 + all.map(|one| one.measure(sizes)).max().unwrap_or(0)
        };
        match self {
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Text(_) => 0,
            Json::List(items) => inside(&mut items.iter()),
            Json::Map(entries) => inside(&mut entries.iter().map(|(_, value)| value)),
        }
    }

    fn into_graph(self, graph: &mut Graph) -> Val {
        let body = match self {
            Json::Null => return Val::Null,
            Json::Bool(b) => return Val::Bool(b),
            Json::Number(n) => return Val::Number(n),
            Json::Text(text) => Body::Text(text),
            Json::List(items) => {
                Body::List(items.into_iter().map(|item| item.into_graph(graph)).collect())
            }
            Json::Map(entries) => {
                let entries =
                    entries.into_iter().map(|(key, value)| (key, value.into_graph(graph)));
                Body::Map(entries.collect::<BTreeMap<_, _>>())
            }
        };
        graph.add(body, false)
    }
}

impl Stepper<'_> {
    pub(super) fn parse_json(&mut self, text: Val) -> Result<Gives, Fault> {
        let text = self.str(text).to_owned();
        let levels = brackets(&text);
        if levels > u64::from(self.limits.nesting_max) {
            return fault(TrapKind::NestingLimit, format!("{levels} levels"));
        }
        let Some(json) = read(&text) else { return Ok(Gives::Plain(Val::Null)) };
        let mut sizes = Vec::new();
        let nesting = json.measure(&mut sizes);
        let tree = sizes.iter().sum();
        let own = sizes.iter().copied().max().unwrap_or(0);
        let value = json.into_graph(&mut self.graph);
        Ok(Gives::Read(value, Made { nesting, own, tree, adds: tree }))
    }
}

/// How deep brackets nest outside of strings, whatever else the text is.
fn brackets(text: &str) -> u64 {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_u64, 0, false, false);
    for c in text.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            '[' | '{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            ']' | '}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The one value that the text is.
fn read(text: &str) -> Option<Json> {
    let mut reader = Reader { rest: text };
    let value = reader.value()?;
    reader.space();
    reader.rest.is_empty().then_some(value)
}

/// What is not read yet.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n', '\r', '\t']);
    }

    /// Whether that comes next; then it is read.
    fn takes(&mut self, what: &str) -> bool {
        let rest = self.rest.strip_prefix(what);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn value(&mut self) -> Option<Json> {
        self.space();
        match self.rest.chars().next()? {
            '[' => self.list(),
            '{' => self.map(),
            '"' => self.string().map(Json::Text),
            'n' => self.takes("null").then_some(Json::Null),
            't' => self.takes("true").then_some(Json::Bool(true)),
            'f' => self.takes("false").then_some(Json::Bool(false)),
            _ => self.number(),
        }
    }

    fn list(&mut self) -> Option<Json> {
        let mut items = Vec::new();
        self.takes("[");
        self.space();
        if self.takes("]") {
            return Some(Json::List(items));
        }
        loop {
            items.push(self.value()?);
            self.space();
            if self.takes("]") {
                return Some(Json::List(items));
            }
            if !self.takes(",") {
                return None;
            }
        }
    }

    fn map(&mut self) -> Option<Json> {
        let mut entries = Vec::new();
        self.takes("{");
        self.space();
        if self.takes("}") {
            return Some(Json::Map(entries));
        }
        loop {
            self.space();
            let key = self.string()?;
            self.space();
            if !self.takes(":") {
                return None;
            }
            entries.push((key, self.value()?));
            self.space();
            if self.takes("}") {
                return Some(Json::Map(entries));
            }
            if !self.takes(",") {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        if !self.takes("\"") {
            return None;
        }
        loop {
            match self.next()? {
                '"' => return Some(text),
                '\\' => text.push(self.escape()?),
                c if c < ' ' => return None,
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        match self.next()? {
            c @ ('"' | '\\' | '/') => Some(c),
            'b' => Some('\u{8}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'u' => {
                let first = self.hex()?;
                if !(0xd800..0xdc00).contains(&first) {
                    return char::from_u32(first);
                }
                let second = if self.takes("\\u") { self.hex()? } else { return None };
                let pair = (0xdc00..0xe000).contains(&second);
                pair.then(|| {
                    char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
                })?
            }
            _ => None,
        }
    }

    fn hex(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = 16 * code + self.next()?.to_digit(16)?;
        }
        Some(code)
    }

    fn digits(&mut self) -> Option<()> {
        let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let some = rest.len() < self.rest.len();
        self.rest = rest;
        some.then_some(())
    }

    /// Beyond what a double can be is no number.
    fn number(&mut self) -> Option<Json> {
        let whole = self.rest;
        self.takes("-");
        if !self.takes("0") {
            self.digits()?;
        }
        if self.takes(".") {
            self.digits()?;
        }
        if self.takes("e") || self.takes("E") {
            let _ = self.takes("+") || self.takes("-");
            self.digits()?;
        }
        let text = &whole[..whole.len() - self.rest.len()];
        let number: f64 = text.parse().ok()?;
        number.is_finite().then_some(Json::Number(number))
    }
}
