//! Functions of Texts, and from values to texts and numbers.

use super::super::super::graph::{Body, Val};
use super::{Fault, Gives, Stepper, double, given, invalid, json, position};

impl Stepper<'_> {
    /// `split lines words`, as texts. Their price asks for them too, whatever the types.
    pub(super) fn pieces(&self, name: &str, args: &[Val]) -> Vec<String> {
        let text_at = |at: usize| self.graph.text(args[at]).unwrap_or_default();
        let text = text_at(0);
        let owned = |pieces: &mut dyn Iterator<Item = &str>| pieces.map(str::to_owned).collect();
        match name {
            "lines" => owned(&mut text.lines()),
            "words" => owned(&mut text.split_whitespace()),
            _ => match text_at(1) {
                "" => text.chars().map(String::from).collect(),
                separator => owned(&mut text.split(separator)),
            },
        }
    }

    pub(super) fn join(&mut self, args: &[Val]) -> Gives {
        let items = self.items(args[0]);
        let texts: Vec<&str> = items.iter().map(|item| self.str(*item)).collect();
        let joined = texts.join(self.str(args[1]));
        self.made_text(joined)
    }

    /// `trim upper lower`.
    pub(super) fn recased(&mut self, name: &str, args: &[Val]) -> Gives {
        let text = self.str(args[0]);
        let text = match name {
            "trim" => text.trim().to_owned(),
            "upper" => text.to_uppercase(),
            _ => text.to_lowercase(),
        };
        self.made_text(text)
    }

    /// `starts_with ends_with`.
    pub(super) fn at_an_end(&mut self, name: &str, args: &[Val]) -> Gives {
        let (text, part) = (self.str(args[0]), self.str(args[1]));
        let is = if name == "starts_with" { text.starts_with(part) } else { text.ends_with(part) };
        Gives::Plain(Val::Bool(is))
    }

    /// The first index at which the part stands, character by character.
    pub(super) fn find(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let text: Vec<char> = self.str(args[0]).chars().collect();
        let part: Vec<char> = self.str(args[1]).chars().collect();
        let Some(from) = position(given(args, 2).unwrap_or(0.0), text.len()) else {
            return invalid("no index");
        };
        let at = (from..=text.len()).find(|at| text[*at..].starts_with(&part));
        Ok(Gives::Plain(at.map_or(Val::Null, |at| Val::Number(at as f64))))
    }

    pub(super) fn replace_text(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let (text, from, to) = (self.str(args[0]), self.str(args[1]), self.str(args[2]));
        if from.is_empty() {
            return invalid("nothing to replace");
        }
        let pieces: Vec<&str> = text.split(from).collect();
        let replaced = pieces.join(to);
        Ok(self.made_text(replaced))
    }

    pub(super) fn char_code(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        match self.str(args[0]).chars().next() {
            Some(c) => Ok(Gives::Plain(Val::Number(f64::from(u32::from(c))))),
            None => invalid("no character"),
        }
    }

    pub(super) fn character(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let code = double(args[0]);
        let fits = code.fract() == 0.0 && (0.0..=1_114_111.0).contains(&code);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it fits")]
        match fits.then(|| char::from_u32(code as u32)).flatten() {
            Some(c) => Ok(self.made_text(c.to_string())),
            None => invalid("no scalar value"),
        }
    }

    pub(super) fn fixed(&mut self, args: &[Val]) -> Result<Gives, Fault> {
        let (x, digits) = (double(args[0]), double(args[1]));
        let Some(digits) = (0..=100).find(|n| f64::from(*n) == digits) else {
            return invalid("no number of digits");
        };
        Ok(self.made_text(if x.is_finite() {
            format!("{x:.0$}", digits as usize)
        } else {
            number_text(x)
        }))
    }

    pub(super) fn text_of(&mut self, value: Val) -> Gives {
        let text = match (value, self.graph.body(value)) {
            (_, Some(Body::Text(_))) => return Gives::Plain(value),
            (_, Some(Body::Reference(name))) => name.clone(),
            (Val::Number(n), _) => number_text(n),
            (Val::Bool(b), _) => b.to_string(),
            (Val::Null, _) => "null".to_owned(),
            (Val::Node(_), _) => json::written(&self.graph, value),
        };
        self.made_text(text)
    }

    pub(super) fn number_of(&mut self, value: Val) -> Gives {
        let text = self.graph.text(value);
        Gives::Plain(match (value, text.map(|text| text.trim().parse::<f64>())) {
            (Val::Number(n), _) | (_, Some(Ok(n))) => Val::Number(n),
            (Val::Null | Val::Bool(_) | Val::Node(_), _) => Val::Null,
        })
    }
}

/// A number as JavaScript prints it, but -0 with its sign: the fewest digits that read back, laid out by
/// where the point stands.
pub(super) fn number_text(x: f64) -> String {
    if !x.is_finite() {
        let name = if x.is_nan() { "NaN" } else { "Infinity" };
        return if x < 0.0 { format!("-{name}") } else { name.to_owned() };
    }
    let sign = if x.is_sign_negative() { "-" } else { "" };
    if x == 0.0 {
        return format!("{sign}0");
    }
    // The shortest digits, as Rust finds them: d.ddde±x.
    let shortest = format!("{:e}", x.abs());
    let (digits, exponent) = shortest.split_once('e').expect("an exponent");
    let digits = digits.replace('.', "");
    let point = exponent.parse::<i64>().expect("a number") + 1; // the point comes after so many digits
    let count = digits.len() as i64;
    let zeros = |n: i64| "0".repeat(n as usize);
    let text = if (count..=21).contains(&point) {
        format!("{digits}{}", zeros(point - count))
    } else if 0 < point && point <= 21 {
        let (whole, rest) = digits.split_at(point as usize);
        format!("{whole}.{rest}")
    } else if -6 < point && point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { String::new() } else { format!(".{rest}") };
        format!("{first}{rest}e{:+}", point - 1)
    };
    format!("{sign}{text}")
}
