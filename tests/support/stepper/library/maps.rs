//! Functions of Maps.

use super::super::super::graph::{Body, Val, bytes};
use super::super::contents::Write;
use super::{Gives, Stepper};
use std::collections::BTreeMap;

impl Stepper<'_> {
    /// The entries of an argument that is a Map.
    fn map_entries(&self, arg: Val) -> BTreeMap<String, Val> {
        match self.graph.body(arg) {
            Some(Body::Map(entries)) => entries.clone(),
            Some(Body::Text(_) | Body::Reference(_) | Body::List(_)) | None => panic!("a Map"),
        }
    }

    /// `keys values entries`.
    pub(super) fn taken_apart(&mut self, name: &str, args: &[Val]) -> Gives {
        let mut list = Vec::new();
        for (key, value) in self.map_entries(args[0]) {
            let mut new_key = || self.graph.add(Body::Text(key.clone()), false);
            list.push(match name {
                "keys" => new_key(),
                "values" => value,
                _ => {
                    let pair = vec![new_key(), value];
                    self.graph.add(Body::List(pair), false)
                }
            });
        }
        self.made_list(list)
    }

    pub(super) fn merge(&mut self, args: &[Val]) -> Gives {
        let (mut entries, mut grows) = (self.map_entries(args[0]), 0);
        let mut nesting = self.graph.nesting(args[0]);
        for (key, value) in self.map_entries(args[1]) {
            nesting = nesting.max(1 + self.graph.nesting(value));
            let new = 32 + bytes(&key);
            if entries.insert(key, value).is_none() {
                grows += new;
            }
        }
        Gives::Changed(Write { body: Body::Map(entries), nesting, grows })
    }

    pub(super) fn remove(&mut self, args: &[Val]) -> Gives {
        let mut entries = self.map_entries(args[0]);
        entries.remove(self.str(args[1]));
        let nesting = self.graph.nesting(args[0]);
        Gives::Changed(Write { body: Body::Map(entries), nesting, grows: 0 })
    }
}
