//! What the names in a plan may be: of skills, of parameters, of files, of packages.
//!
//! All of them end up in generated source, in file systems and on command lines, so they are of few
//! characters and short, and what a compiler or a tool could take for something else is refused. Each rule
//! gives the reason in words. Patterns are those of the JSON Schema, which says no less than the rules.

use super::types::Language;
use lau_runtime::library;

/// What a skill's name looks like.
pub(super) const SKILL_PATTERN: &str = "^[a-z][a-z0-9_]{0,63}$";
/// What a parameter's name looks like.
pub(super) const PARAMETER_PATTERN: &str = "^[A-Za-z][A-Za-z0-9_]{0,63}$";
/// What the name of a source file looks like.
pub(super) const FILE_PATTERN: &str =
    "^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,7}$";
/// What the name of a package looks like.
pub(super) const PACKAGE_PATTERN: &str = "^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$";
/// What the version of a package looks like.
pub(super) const VERSION_PATTERN: &str = "^[0-9][A-Za-z0-9.!+_-]{0,63}$";
/// What a SHA-256 looks like.
pub(super) const SHA256_PATTERN: &str = "^[0-9a-f]{64}$";

/// The longest name of a source file, in bytes.
pub const FILE_NAME_BYTES_MAX: usize = 200;
const FILE_LEVELS_MAX: usize = 8;
const NAME_CHARACTERS_MAX: usize = 64;

/// Why a skill cannot have that name; of its language nothing is known while that itself is wrong.
pub(super) fn skill(name: &str, language: Option<Language>) -> Result<(), String> {
    let tail = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) || !name.chars().all(tail) {
        return Err(
            "a skill's name is a lower-case letter, then lower-case letters, digits and `_`".into(),
        );
    }
    if library::find(name).is_some() {
        return Err("the standard library has a function of that name".into());
    }
    if name == "main" {
        return Err("`main` is where the forge's own part of the skill begins".into());
    }
    identifier(name, language)
}

/// Why a parameter cannot have that name.
pub(super) fn parameter(name: &str, language: Option<Language>) -> Result<(), String> {
    let tail = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(tail) {
        return Err("a parameter's name is a letter, then letters, digits and `_`".into());
    }
    identifier(name, language)
}

/// What holds for all names that generated source has.
fn identifier(name: &str, language: Option<Language>) -> Result<(), String> {
    if name.len() > NAME_CHARACTERS_MAX {
        return Err(format!("it is longer than {NAME_CHARACTERS_MAX} characters"));
    }
    if name.starts_with("lau_") {
        return Err("names that begin with `lau_` are the forge's own".into());
    }
    let languages = [Some(Language::C), language];
    match languages.into_iter().flatten().find(|language| has(keywords(*language), name)) {
        Some(language) => Err(format!("it is a keyword of {}", language.title())),
        None => Ok(()),
    }
}

/// Why a source file cannot have that name.
pub(super) fn file(name: &str) -> Result<(), String> {
    if name.len() > FILE_NAME_BYTES_MAX {
        return Err(format!("it is longer than {FILE_NAME_BYTES_MAX} bytes"));
    }
    if name.starts_with('/') {
        return Err("it is absolute; files are named from the plan's own folder".into());
    }
    if name.split('/').count() > FILE_LEVELS_MAX {
        return Err(format!("it is more than {FILE_LEVELS_MAX} folders deep"));
    }
    name.split('/').try_for_each(component)
}

fn component(name: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    let first = name.chars().next();
    match first {
        None => return Err("a part between two `/` is empty".into()),
        Some('.') => return Err("a part of it begins with `.`, as `..` and hidden files do".into()),
        Some('-') => return Err("a part of it begins with `-`, as options do".into()),
        Some(_) => {}
    }
    if let Some(c) = name.chars().find(|c| !plain(*c)) {
        return Err(format!(
            "`{c}` is not allowed in it; letters, digits, `_`, `.`, `-` and `/` are"
        ));
    }
    if name.starts_with("lau_") || name.split('.').next() == Some("lau") {
        return Err("files named `lau` or `lau_…` are the forge's own".into());
    }
    Ok(())
}

/// Whether a file's ending is among those.
pub(super) fn ends_in(file: &str, endings: &[&str]) -> bool {
    file.rsplit_once('.').is_some_and(|(_, ending)| endings.contains(&ending))
}

/// Why there can be no package of that name.
pub(super) fn package(name: &str) -> Result<(), String> {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = |c: char| edge(c) || matches!(c, '.' | '_' | '-');
    let fits = name.starts_with(edge) && name.ends_with(edge) && name.chars().all(inner);
    if fits && name.len() <= NAME_CHARACTERS_MAX {
        return Ok(());
    }
    Err("a package's name is lower-case letters, digits, `.`, `_` and `-`, 64 at most".into())
}

/// The name under which an index of packages knows that one, whichever of `.`, `_` and `-` is written.
pub(super) fn package_key(name: &str) -> String {
    let parts = name.split(['.', '_', '-']).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("-")
}

/// Why there can be no version of that name.
pub(super) fn version(version: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '!' | '+' | '_' | '-');
    let fits = version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(plain);
    if fits && version.len() <= NAME_CHARACTERS_MAX {
        return Ok(());
    }
    Err("a version is one and exact, such as 2.1.3".into())
}

/// Why that is no SHA-256.
pub(super) fn sha256(text: &str) -> Result<(), String> {
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    if text.len() == 64 && text.chars().all(digit) {
        return Ok(());
    }
    Err("a SHA-256 is 64 hexadecimal digits in lower case".into())
}

fn has(words: &str, name: &str) -> bool {
    words.split_ascii_whitespace().any(|word| word == name)
}

/// The words that cannot name anything in a language. What C++ shares with C stands at C only.
fn keywords(language: Language) -> &'static str {
    match language {
        Language::C => C_KEYWORDS,
        Language::Cpp => CPP_KEYWORDS,
        Language::Rust => RUST_KEYWORDS,
        Language::Python => PYTHON_KEYWORDS,
    }
}

const C_KEYWORDS: &str = "alignas alignof asm auto bool break case char const constexpr continue \
    default do double else enum extern false float for goto if inline int long nullptr register \
    restrict return short signed sizeof static static_assert struct switch thread_local true \
    typedef typeof typeof_unqual union unsigned void volatile while";

const CPP_KEYWORDS: &str = "and and_eq bitand bitor catch char8_t char16_t char32_t class compl \
    concept const_cast consteval constinit co_await co_return co_yield decltype delete \
    dynamic_cast explicit export friend mutable namespace new noexcept not not_eq operator or \
    or_eq private protected public reinterpret_cast requires static_cast template this throw try \
    typeid typename using virtual wchar_t xor xor_eq";

const RUST_KEYWORDS: &str = "Self abstract as async await become box break const continue crate \
    do dyn else enum extern false final fn for gen if impl in let loop macro match mod move mut \
    override priv pub ref return self static struct super trait true try type typeof unsafe \
    unsized use virtual where while yield";

const PYTHON_KEYWORDS: &str = "False None True and as assert async await break class continue def \
    del elif else except finally for from global if import in is lambda nonlocal not or pass \
    raise return try while with yield";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    fn says(rule: Result<(), String>, expected: &str) {
        let why = rule.expect_err(expected);
        assert!(why.contains(expected), "{why}");
    }

    #[test]
    fn names_of_skills() {
        skill("trimmed_mean2", Some(Language::C)).unwrap();
        skill("class", Some(Language::C)).unwrap();
        skill("class", None).unwrap();
        says(skill("class", Some(Language::Cpp)), "keyword of C++");
        says(skill("match", Some(Language::Rust)), "keyword of Rust");
        says(skill("lambda", Some(Language::Python)), "keyword of Python");
        says(skill("double", Some(Language::Python)), "keyword of C");
        says(skill("sqrt", None), "standard library");
        says(skill("main", None), "main");
        says(skill("lau_send", None), "the forge's own");
        says(skill(&"a".repeat(65), None), "64 characters");
        for bad in ["", "Mean", "2d", "_x", "a-b", "a.b", "é", "a b", "a\0"] {
            says(skill(bad, None), "lower-case letter");
        }
    }

    #[test]
    fn names_of_parameters() {
        parameter("nXs_1", Some(Language::Rust)).unwrap();
        says(parameter("self", Some(Language::Rust)), "keyword of Rust");
        for bad in ["", "_x", "1x", "x y", "ä"] {
            says(parameter(bad, None), "a letter");
        }
    }

    #[test]
    fn names_of_files() {
        for good in ["a.c", "src/a-b_1.c", "1/2/3/4/5/6/7/8.c", "lauf.c"] {
            file(good).unwrap();
        }
        for (bad, why) in [
            ("", "empty"),
            ("a//b.c", "empty"),
            ("a/", "empty"),
            ("/etc/shadow", "absolute"),
            ("../a.c", "begins with `.`"),
            ("a/../b.c", "begins with `.`"),
            ("./a.c", "begins with `.`"),
            ("a/.b.c", "begins with `.`"),
            ("-o.c", "begins with `-`"),
            ("a/-o.c", "begins with `-`"),
            ("@list.c", "`@`"),
            ("a\\b.c", "`\\`"),
            ("a b.c", "` `"),
            ("a\0.c", "not allowed"),
            ("C:a.c", "`:`"),
            ("ä.c", "`ä`"),
            ("1/2/3/4/5/6/7/8/9.c", "8 folders"),
            ("lau.h", "forge's own"),
            ("x/lau_prelude.h", "forge's own"),
        ] {
            says(file(bad), why);
        }
        says(file(&format!("{}.c", "a".repeat(199))), "200 bytes");
        assert!(
            ends_in("a.tar.c", &["h", "c"]) && !ends_in("c", &["c"]) && !ends_in("a.C", &["c"])
        );
    }

    #[test]
    fn packages_are_pinned() {
        for good in ["numpy", "ruamel.yaml", "a", "zope-interface2"] {
            package(good).unwrap();
        }
        for bad in ["", "NumPy", "-a", "a-", "a b", "a/b", "a[b]"] {
            package(bad).unwrap_err();
        }
        assert_eq!(package_key("a.b__c-d"), "a-b-c-d");
        version("2.1.0rc1").unwrap();
        for bad in ["", ">=2", "2.*", "latest", "2 "] {
            version(bad).unwrap_err();
        }
        sha256(&"0f".repeat(32)).unwrap();
        for bad in ["0F".repeat(32), "0f".repeat(31), "0g".repeat(32)] {
            sha256(&bad).unwrap_err();
        }
    }

    proptest! {
        /// What a rule accepts, its pattern accepts, so that the schema refuses nothing that is read.
        #[test]
        fn patterns_say_no_less_than_rules(name in "[a-zA-Z0-9_./@ é-]{0,12}|[0-9a-f]{62,66}") {
            for (fits, pattern) in [
                (skill(&name, None).is_ok(), SKILL_PATTERN),
                (parameter(&name, None).is_ok(), PARAMETER_PATTERN),
                (file(&name).is_ok(), FILE_PATTERN),
                (package(&name).is_ok(), PACKAGE_PATTERN),
                (version(&name).is_ok(), VERSION_PATTERN),
                (sha256(&name).is_ok(), SHA256_PATTERN),
            ] {
                prop_assert!(!fits || Regex::new(pattern).unwrap().is_match(&name), "{pattern}: {name}");
            }
        }
    }
}
