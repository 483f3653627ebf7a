//! The users that jails have: unused ones where the host is root, else its own.

/// The first of the user and group ids that jails have where the host is root. It lies beyond what systemd gives to
/// containers and services (524288 to 1879048191) and below its foreign ids (from 2147352576), by its page "Users,
/// Groups, UIDs and GIDs"; and beyond the default range of SSSD (200000 to 2000200000, `sssd-ldap(5)`).
pub(super) const FIRST_USER: u32 = 2_100_000_000;

/// Whose ids jails have here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// Unused ones, since this is root.
    Free,
    /// Those of this process: an ordinary user's, or of a root that has no others, as in a container.
    Own,
    /// This is root, but the ids belong to somebody.
    Taken,
}

impl Ids {
    /// Looked up once in a process.
    pub(super) fn here() -> Ids {
        static HERE: std::sync::OnceLock<Ids> = std::sync::OnceLock::new();
        *HERE.get_or_init(|| {
            let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
            if !rustix::process::geteuid().is_root() {
                return Ids::Own;
            }
            // Groups have the same numbers, and lines of the same form.
            let both = |one: &str, other: &str| format!("{}\n{}", read(one), read(other));
            let users = both("/etc/passwd", "/etc/group");
            let ranges = both("/etc/subuid", "/etc/subgid");
            Ids::of(&users, &ranges, &read("/proc/self/uid_map"))
        })
    }

    /// For a root, by the lists of users, of ranges given to users, and of the ids that its namespace has.
    fn of(users: &str, ranges: &str, map: &str) -> Ids {
        let wanted = u64::from(FIRST_USER)..u64::from(FIRST_USER + super::slot::SLOTS);
        let numbers = |line: &str, fields: [usize; 2]| -> Option<(u64, u64)> {
            let split = |c: char| c == ':' || c.is_whitespace();
            let words: Vec<&str> = line.split(split).filter(|word| !word.is_empty()).collect();
            let number = |at: usize| words.get(at)?.parse::<u64>().ok();
            Some((number(fields[0])?, number(fields[1]).unwrap_or(1)))
        };
        let meets = |(first, count): (u64, u64)| {
            first < wanted.end && first.saturating_add(count) > wanted.start
        };
        // Lines of `inside outside count`.
        let holds = |line: &str| {
            numbers(line, [0, 2]).is_some_and(|(first, count)| {
                first <= wanted.start && first.saturating_add(count) >= wanted.end
            })
        };
        // Lines of `name:password:id:…`, where any field but the id may be empty, and of `name:first:count`.
        let user = |line: &str| line.split(':').nth(2)?.trim().parse::<u64>().ok();
        let by_user = users.lines().filter_map(user).any(|id| meets((id, 1)));
        let by_range = ranges.lines().filter_map(|line| numbers(line, [1, 2])).any(meets);
        match (map.lines().any(holds), by_user || by_range) {
            (false, _) => Ids::Own,
            (true, false) => Ids::Free,
            (true, true) => Ids::Taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_free_taken_or_ones_own() {
        let whole = "         0          0 4294967295\n";
        let users = "root:x:0:0:root:/root:/bin/sh\nme::1000:1000::/:\n";
        let ranges = "me:100000:65536\n";
        assert_eq!(Ids::of(users, ranges, whole), Ids::Free);
        assert_eq!(Ids::of("", "", "0 1000 1\n"), Ids::Own);
        assert_eq!(Ids::of("", "", "0 100000 65536\n"), Ids::Own);
        assert_eq!(Ids::of("", "", ""), Ids::Own);
        assert_eq!(Ids::of("x::2100000003:1::/:", ranges, whole), Ids::Taken);
        assert_eq!(Ids::of(users, "x:2099999000:1001", whole), Ids::Taken);
        assert_eq!(Ids::of(users, "x:2100000512:9", whole), Ids::Free);
        assert_eq!(Ids::of("nonsense\n::\n", ":::\nx:y:z", whole), Ids::Free);
    }
}
