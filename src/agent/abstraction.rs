//! Levels of abstraction an agent has reached, and what they saved it.

use serde::{Deserialize, Serialize};

/// One level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbstractionLevel {
    /// Its number, from 0.
    pub level: u32,
    /// What it is.
    pub description: String,
    /// Runtimes built while it was the current one.
    pub runtimes_built: u32,
    /// Tokens saved while it was the current one.
    pub tokens_saved: u64,
}

impl AbstractionLevel {
    fn new(level: u32, description: &str) -> Self {
        let description = description.to_owned();
        AbstractionLevel { level, description, runtimes_built: 0, tokens_saved: 0 }
    }
}

/// The levels reached so far, the current one last.
///
/// ```
/// use lau_agent_runtime::AbstractionLayer;
/// let mut layer = AbstractionLayer::new();
/// layer.record_runtime_built();
/// layer.add_savings(500);
/// assert_eq!(layer.progress_report(), "Abstraction Level 0 | 1 runtimes built | 500 tokens saved");
/// layer.promote("Compiled — task to program");
/// assert_eq!((layer.current_level(), layer.tokens_saved()), (1, 500));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbstractionLayer {
    /// The levels, in order.
    pub layers: Vec<AbstractionLevel>,
}

impl AbstractionLayer {
    /// Level 0 alone.
    #[must_use]
    pub fn new() -> Self {
        AbstractionLayer { layers: vec![AbstractionLevel::new(0, "Raw — no abstraction")] }
    }

    /// Goes up a level.
    pub fn promote(&mut self, description: &str) {
        let next = self.layers.last().map_or(0, |level| level.level.saturating_add(1));
        self.layers.push(AbstractionLevel::new(next, description));
    }

    /// Counts tokens saved, at the current level.
    pub fn add_savings(&mut self, tokens: u64) {
        let level = self.current();
        level.tokens_saved = level.tokens_saved.saturating_add(tokens);
    }

    /// Counts a runtime built, at the current level.
    pub fn record_runtime_built(&mut self) {
        let level = self.current();
        level.runtimes_built = level.runtimes_built.saturating_add(1);
    }

    /// The current level's number.
    #[must_use]
    pub fn current_level(&self) -> u32 {
        self.layers.last().map_or(0, |level| level.level)
    }

    /// Tokens saved, over all levels.
    #[must_use]
    pub fn tokens_saved(&self) -> u64 {
        self.layers.iter().fold(0, |sum, level| sum.saturating_add(level.tokens_saved))
    }

    /// Level, runtimes built and tokens saved in one line.
    #[must_use]
    pub fn progress_report(&self) -> String {
        let built =
            self.layers.iter().fold(0_u64, |sum, level| sum + u64::from(level.runtimes_built));
        let (level, saved) = (self.current_level(), self.tokens_saved());
        format!("Abstraction Level {level} | {built} runtimes built | {saved} tokens saved")
    }

    /// The current level; a layer that was read without any gets its first.
    fn current(&mut self) -> &mut AbstractionLevel {
        if self.layers.is_empty() {
            *self = Self::new();
        }
        let last = self.layers.len() - 1;
        &mut self.layers[last]
    }
}

impl Default for AbstractionLayer {
    fn default() -> Self {
        Self::new()
    }
}
