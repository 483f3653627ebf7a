//! The arguments that everything which runs a program takes: how it is run, what it may use.
//!
//! The words of the help are those of `lau run`.

use lau_runtime::{Energy, Limits};
use std::path::PathBuf;
use std::time::Duration;

/// How a run is run, wherever it begins.
#[derive(Debug, clap::Args)]
pub struct HowArgs {
    /// Suspend the run after so much time: `500ms`, `2s`, `5m`, or a number of seconds
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub timeout: Option<Duration>,
    /// Where to write the run if it stops and can go on, for `lau resume FILE`
    #[arg(long, value_name = "FILE")]
    pub snapshot: Option<PathBuf>,
    /// Answer with one JSON object on standard output
    #[arg(long)]
    pub json: bool,
    /// Give the program's memory after the run in the JSON object too
    #[arg(long, requires = "json")]
    pub memory: bool,
}

/// Limits of a run.
#[derive(Clone, Copy, Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Calls of the program's functions in progress [default: 10000]
    #[arg(long, value_name = "CALLS", value_parser = count)]
    depth_max: Option<u32>,
    /// Values on the stack [default: 1000000]
    #[arg(long, value_name = "VALUES", value_parser = count)]
    stack_max: Option<u32>,
    /// Levels of lists and maps in a value, at most 1000 [default: 200]
    #[arg(long, value_name = "LEVELS", value_parser = clap::value_parser!(u16).range(..=i64::from(Limits::NESTING_MAX)))]
    nesting_max: Option<u16>,
    /// Size of one text, list or map without its elements' own [default: 256MiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    value_max: Option<u64>,
    /// Size of one value with everything in it [default: 256MiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    tree_max: Option<u64>,
    /// Size of all values of the run [default: 1GiB]
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
    memory_max: Option<u64>,
}

impl LimitArgs {
    /// The limits, with defaults where nothing was asked for.
    #[must_use]
    pub fn limits(self) -> Limits {
        self.over(Limits::default())
    }

    /// The limits, with others where nothing was asked for.
    #[must_use]
    pub fn over(self, default: Limits) -> Limits {
        Limits {
            call_depth_max: self.depth_max.unwrap_or(default.call_depth_max),
            stack_values_max: self.stack_max.unwrap_or(default.stack_values_max),
            nesting_max: self.nesting_max.unwrap_or(default.nesting_max),
            value_bytes_max: self.value_max.unwrap_or(default.value_bytes_max),
            tree_bytes_max: self.tree_max.unwrap_or(default.tree_bytes_max),
            memory_bytes_max: self.memory_max.unwrap_or(default.memory_bytes_max),
        }
        .clamped()
    }
}

/// An amount of energy in units: `1.5`, `inf`.
pub fn units(text: &str) -> Result<Energy, String> {
    let units: f64 = text.trim().parse().map_err(|_| format!("`{text}` is not a number"))?;
    if units.is_nan() || units < 0.0 {
        return Err(format!(
            "{text} is no amount of energy; it takes a number from 0 up, or `inf`"
        ));
    }
    Ok(Energy::from_units(units))
}

/// A time: `500ms`, `2s`, `5m`, or a number of seconds.
pub fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time; known are 500ms, 2s, 5m, or a number of seconds");
    let text = text.trim();
    let (number, seconds) = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("", 1.0)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .ok_or_else(wrong)?;
    let number: f64 = number.trim_end().parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

/// A count, or `unlimited`.
pub fn count(text: &str) -> Result<u32, String> {
    if text == "unlimited" {
        return Ok(u32::MAX);
    }
    text.parse().map_err(|_| format!("expected a whole number up to {}, or `unlimited`", u32::MAX))
}

/// A size: `7`, `64MiB`, `unlimited`.
pub fn bytes(text: &str) -> Result<u64, String> {
    if text == "unlimited" {
        return Ok(Limits::BYTES_MAX);
    }
    let (number, unit) =
        text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let shift = match unit.trim_start() {
        "" | "B" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        other => return Err(format!("unknown unit `{other}`; known are KiB, MiB and GiB")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "expected a whole number with a unit, such as 64MiB, or `unlimited`")?;
    Ok(number.saturating_mul(1 << shift).min(Limits::BYTES_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[derive(clap::Parser)]
    struct Only {
        #[command(flatten)]
        limits: LimitArgs,
    }

    #[test]
    fn amounts_are_read_with_care() {
        assert_eq!(units("1.5").unwrap().thousandths(), 1500);
        assert_eq!(units("inf").unwrap(), Energy::MAX);
        assert!(units("much").unwrap_err().contains("`much` is not a number"));
        assert!(units("NaN").is_err() && units("-1").is_err() && units("").is_err());
        assert_eq!(bytes("64MiB"), Ok(64 << 20));
        assert_eq!(bytes("10 KiB"), Ok(10 << 10));
        assert_eq!(bytes("7"), Ok(7));
        assert_eq!(bytes("99999999999999999GiB"), Ok(Limits::BYTES_MAX));
        assert!(bytes("1MB").unwrap_err().contains("`MB`"));
        assert!(bytes("MiB").is_err() && bytes("").is_err() && bytes("-1").is_err());
        assert_eq!(count("unlimited"), Ok(u32::MAX));
        assert!(count("-1").is_err());
    }

    #[test]
    fn times_have_units() {
        let millis = |text| time(text).map(|time| time.as_millis());
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("2s"), Ok(2_000));
        assert_eq!(millis("1.5"), Ok(1_500));
        assert_eq!(millis("5 m"), Ok(300_000));
        for wrong in ["", "ms", "2h", "-1s", "nan", "inf", "1e30"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn defaults_in_the_help_are_the_real_ones() {
        let none = LimitArgs {
            depth_max: None,
            stack_max: None,
            nesting_max: None,
            value_max: None,
            tree_max: None,
            memory_max: None,
        };
        assert_eq!(Only { limits: none }.limits.limits(), Limits::default());
        let help = Only::command().render_help().to_string();
        let default = Limits::default();
        for text in [
            default.call_depth_max.to_string(),
            default.stack_values_max.to_string(),
            default.nesting_max.to_string(),
            format!("{}MiB", default.tree_bytes_max >> 20),
            format!("{}GiB", default.memory_bytes_max >> 30),
        ] {
            assert!(help.contains(&format!("[default: {text}]")), "{text}: {help}");
        }
        assert_eq!(default.value_bytes_max, default.tree_bytes_max);
    }
}
