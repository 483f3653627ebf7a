//! Calls out of the program, as far as is known what they take and give before they are made.

use super::{Flow, Operand, State};
use crate::analysis::segments::DEAREST_MAX;
use crate::analysis::types::Type;
use lau_runtime::energy::rate;
use lau_runtime::host::{Pricing, ScalarType};
use lau_runtime::library::{Kind, LibraryId};
use lau_runtime::program::{Action, CallId, Callee, Op};

/// A call that is made directly.
#[derive(Clone, Copy, Debug)]
pub struct Direct<'a> {
    /// What it takes, in order.
    pub types: &'a [ScalarType],
    /// What it gives.
    pub result: ScalarType,
    /// Its price in thousandths.
    pub price: u64,
    /// The function of the library; `None` of a builtin.
    pub library: Option<LibraryId>,
}

impl<'a> Flow<'a> {
    /// What a call means that is made directly, with Numbers and Bools in registers.
    #[must_use]
    pub fn direct(&self, action: Action, state: &State) -> Option<Direct<'a>> {
        const NUMBERS: &[ScalarType] = &[ScalarType::Number; 3];
        let Action::CallOut(call, argc) = action else { return None };
        let linked = self.linked;
        let argc = usize::from(argc);
        let below = state.stack.len().checked_sub(argc)?;
        let direct = match linked.callee(call) {
            Callee::Builtin(at) => {
                let (_, signature) = linked.interface().builtin(at);
                let (Some(types), Some(result)) = (&signature.types, signature.result) else {
                    return None;
                };
                let Pricing::Fixed(price) = signature.pricing else { return None };
                Direct { types, result, price: price.thousandths(), library: None }
            }
            Callee::Library(id) if id.function().is_scalar() => Direct {
                types: NUMBERS.get(..id.function().parameters.len())?,
                result: if id.function().result == Kind::Bool {
                    ScalarType::Bool
                } else {
                    ScalarType::Number
                },
                price: rate::LIBRARY_CALL,
                library: Some(id),
            },
            Callee::Library(_) | Callee::Unknown => return None,
        };
        let fits = |(operand, of): (&Operand, &ScalarType)| match of {
            ScalarType::Number => self.may_be_number(*operand),
            ScalarType::Bool => *operand == Operand::Typed(Type::Bool),
        };
        let all =
            direct.types.len() == argc && state.stack[below..].iter().zip(direct.types).all(fits);
        // What costs more than a segment should is never paid in advance.
        (all && direct.price <= DEAREST_MAX).then_some(direct)
    }

    /// The type of what a call of the library gives, if it gives something.
    #[must_use]
    pub fn given(&self, call: CallId) -> Type {
        let Callee::Library(id) = self.linked.callee(call) else { return Type::Word };
        match id.function().result {
            Kind::Number => Type::Number,
            Kind::Bool => Type::Bool,
            Kind::NumberOrNull => Type::Scalar,
            Kind::Any
            | Kind::Text
            | Kind::List
            | Kind::Map
            | Kind::Reference
            | Kind::Sequence
            | Kind::Key
            | Kind::Numbers
            | Kind::Texts
            | Kind::Sortable
            | Kind::ListOrNull => Type::Word,
        }
    }

    /// The price of an operation that is paid in advance.
    #[must_use]
    pub fn price(&self, op: &Op, state: &State) -> u64 {
        self.direct(op.action, state).map_or(u64::from(op.energy), |direct| direct.price)
    }
}
