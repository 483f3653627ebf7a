//! Types of values as far as native code tells them apart.

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A Number.
    Number,
    /// A Bool.
    Bool,
    /// A Number, Bool or Null: a word without storage.
    Scalar,
    /// Any word. A variable of this type has, in its place in the run's state, either this very word or
    /// one without storage as well.
    Word,
}

impl Type {
    /// The type of what may be one or the other.
    #[must_use]
    pub fn join(self, other: Type) -> Type {
        match (self, other) {
            (Type::Word, _) | (_, Type::Word) => Type::Word,
            (a, b) if a == b => a,
            (
                Type::Number | Type::Bool | Type::Scalar,
                Type::Number | Type::Bool | Type::Scalar,
            ) => Type::Scalar,
        }
    }
}
