//! `lau forge audit`: the rows of the audit, and whether its chain is whole.
//!
//! The JSON object has, besides what every one has, `rows` (those shown), `head` (`count` and `hash` of the chain) and
//! `unfinished` (stages without an end: a crash, or at work now). With --log it has `log`, a text.

use super::super::args::AuditArgs;
use super::closed;
use super::table::table;
use lau_agent_runtime::forge::audit::{self, Audit, Hash, Head, Row, Unfinished, Verified};
use lau_agent_runtime::forge::home::Home;
use lau_agent_runtime::forge::shown::{shown, shown_lines};
use lau_command::report;
use lau_command::stop::{Exit, Stop};
use serde::Serialize;

#[derive(Default, Serialize)]
struct Report<'a> {
    command: &'static str,
    exit_code: u8,
    error: Option<&'a Stop>,
    rows: Option<&'a [Row]>,
    head: Option<Head>,
    unfinished: Option<&'a [Unfinished]>,
    log: Option<&'a str>,
}

/// What is shown.
enum Shown {
    Rows(Vec<Row>, Verified),
    Log(String),
}

/// Shows the audit.
pub(super) fn audit(args: &AuditArgs) -> Exit {
    let shown = look(args);
    let exit = shown.as_ref().map_or_else(|stop| stop.exit, |_| Exit::Finished);
    if args.json {
        let report = Report { command: "forge audit", exit_code: exit.code(), ..Report::default() };
        let report = match &shown {
            Ok(Shown::Rows(rows, verified)) => {
                let (head, unfinished) = (Some(verified.head), Some(&*verified.unfinished));
                Report { rows: Some(rows), head, unfinished, ..report }
            }
            Ok(Shown::Log(log)) => Report { log: Some(log), ..report },
            Err(stop) => Report { error: Some(stop), ..report },
        };
        return report::json(exit, &report);
    }
    match &shown {
        Ok(Shown::Rows(rows, verified)) => report::put(exit, &page(rows, verified)),
        Ok(Shown::Log(log)) => report::put(exit, &shown_lines(log)),
        Err(stop) => report::told(stop),
    }
}

fn look(args: &AuditArgs) -> Result<Shown, Stop> {
    // Looking makes nothing: a home that is not there has no audit.
    let home = Home::find(args.home.as_deref()).map_err(|error| closed(&error))?;
    let home = home.ok_or_else(|| Stop::usage("there is no forge in this home"))?;
    if !home.has_file(audit::FILE).map_err(|error| closed(&error))? {
        return Err(Stop::usage(format!("there is no audit in {}", home.path().display())));
    }
    let audit = Audit::open(&home).map_err(|error| closed(&error))?;
    if let Some(hash) = &args.log {
        let told = "a hash has 64 hexadecimal digits, as in the column `about`";
        let hash = Hash::from_hex(hash).map_err(|_| Stop::usage(told))?;
        let log = audit.log(&hash).map_err(|error| closed(&error))?;
        let log = log.ok_or_else(|| Stop::usage("the audit has no log of that hash"))?;
        return Ok(Shown::Log(String::from_utf8_lossy(&log).into_owned()));
    }
    let verified = audit.verify().map_err(|error| closed(&error))?;
    let count = verified.head.count;
    let from = args.last.map_or(1, |last| count.saturating_sub(last) + 1);
    let rows = audit.rows(from, count).collect::<Result<Vec<_>, _>>();
    Ok(Shown::Rows(rows.map_err(|error| closed(&error))?, verified))
}

fn page(rows: &[Row], verified: &Verified) -> String {
    let heading = ["row", "time", "request", "stage", "", "verdict", "about"];
    let mut cells = vec![heading.map(str::to_owned).to_vec()];
    for row in rows {
        let text = |key: &str| {
            row.body.get(key).and_then(|value| value.as_str()).map(shown).unwrap_or_default()
        };
        let about = ["name", "detail", "log"].map(text);
        let about = about.iter().filter(|text| !text.is_empty()).cloned().collect::<Vec<_>>();
        cells.push(vec![
            row.number.to_string(),
            time(row.time_us),
            row.request.to_string().chars().take(8).collect(),
            row.stage.to_string(),
            row.kind.to_string(),
            text("verdict"),
            about.join(" "),
        ]);
    }
    let mut page = table(&cells);
    let unfinished = verified.unfinished.len();
    page.push_str(&format!("\n{} rows, the chain is whole", verified.head.count));
    if unfinished > 0 {
        page.push_str(&format!("; {unfinished} without an end: interrupted, or at work now"));
    }
    page.push('\n');
    page
}

/// A time as ISO 8601 writes it, in UTC, to the second.
fn time(unix_us: i64) -> String {
    let seconds = unix_us.div_euclid(1_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // From days to a date of the Gregorian calendar, with years that begin in March (Hinnant, "chrono-compatible
    // low-level date algorithms").
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute) = (second / 3600, second % 3600 / 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02}", second % 60)
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_dates() {
        assert_eq!(time(0), "1970-01-01 00:00:00");
        assert_eq!(time(951_782_400_000_000), "2000-02-29 00:00:00");
        assert_eq!(time(4_107_542_399_000_000), "2100-02-28 23:59:59");
        assert_eq!(time(-1), "1969-12-31 23:59:59");
    }
}
