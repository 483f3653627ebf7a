use super::*;
use std::os::unix::fs::{PermissionsExt, chown, symlink};

/// A folder for a test, gone after it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("lau-forge-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path); // of a process that had the number before
        std::fs::create_dir(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn fault(outcome: Result<Home, HomeError>) -> String {
    outcome.unwrap_err().to_string()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

#[test]
fn the_place_is_the_first_that_is_named() {
    let place = |explicit: Option<&str>, set: &[(&str, &str)]| {
        let variable = |name: &str| {
            set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
        };
        place(explicit.map(Path::new), variable).map_err(|error| error.to_string())
    };
    let ok = |path: &str| Ok(PathBuf::from(path));
    let all = [("LAU_FORGE_HOME", "/a"), ("XDG_STATE_HOME", "/b"), ("HOME", "/c")];
    assert_eq!(place(Some("/x"), &all), ok("/x"));
    assert_eq!(place(None, &all), ok("/a"));
    assert_eq!(place(None, &all[1..]), ok("/b/lau/forge"));
    assert_eq!(place(None, &all[2..]), ok("/c/.local/state/lau/forge"));
    assert_eq!(
        place(None, &[("LAU_FORGE_HOME", ""), ("HOME", "/c")]),
        ok("/c/.local/state/lau/forge")
    );
    assert_eq!(
        place(None, &[("XDG_STATE_HOME", "b"), ("HOME", "/c")]),
        ok("/c/.local/state/lau/forge")
    );
    assert_eq!(place(Some("x"), &all), Ok(std::env::current_dir().unwrap().join("x")));
    assert!(
        place(None, &[("LAU_FORGE_HOME", "a"), ("HOME", "/c")]).unwrap_err().contains("absolute")
    );
    for none in [&[][..], &[("HOME", "")], &[("HOME", "c")]] {
        assert!(place(None, none).unwrap_err().contains("set LAU_FORGE_HOME"));
    }
    assert!(place(Some(""), &all).is_err());
}

#[test]
fn it_is_made_with_what_is_above_it_for_its_owner_alone() {
    let folder = Folder::new();
    let path = folder.0.join("state/lau/forge");
    let home = Home::open(Some(&path)).unwrap();
    for made in [path.as_path(), &folder.0.join("state/lau"), &folder.0.join("state")] {
        assert_eq!(mode(made), 0o700, "{}", made.display());
    }
    assert_eq!(home.path(), path.canonicalize().unwrap());
    Home::open(Some(&path)).unwrap();
}

#[test]
fn what_is_not_private_is_refused() {
    let folder = Folder::new();
    let path = folder.0.join("forge");
    std::fs::write(&path, "").unwrap();
    assert!(fault(Home::open(Some(&path))).contains("no folder"));
    std::fs::remove_file(&path).unwrap();
    Home::open(Some(&path)).unwrap();
    for wrong in [0o750, 0o701, 0o770, 0o500] {
        set_mode(&path, wrong);
        assert!(fault(Home::open(Some(&path))).contains("chmod 0700"), "{wrong:o}");
    }
    set_mode(&path, 0o2700);
    Home::open(Some(&path)).unwrap();

    let link = folder.0.join("link");
    symlink(&path, &link).unwrap();
    assert!(fault(Home::open(Some(&link))).contains("is a link"));
    // A link on the way is the owner's own.
    let below = Home::open(Some(&link.join("below"))).unwrap();
    assert_eq!(below.path(), path.canonicalize().unwrap().join("below"));
    // One that leads nowhere does not make anything elsewhere.
    std::os::unix::fs::symlink(folder.0.join("elsewhere"), folder.0.join("dangling")).unwrap();
    assert!(Home::open(Some(&folder.0.join("dangling"))).is_err());
    assert!(Home::open(Some(&folder.0.join("dangling/below"))).is_err());
    assert!(!folder.0.join("elsewhere").exists());

    if rustix::process::geteuid().is_root() {
        chown(&path, Some(1234), None).unwrap();
        assert!(fault(Home::open(Some(&path))).contains("belongs to uid 1234"));
    } else {
        println!("not run as root: another owner is not tried");
    }
}

#[test]
fn a_folder_that_everybody_can_replace_is_refused() {
    let folder = Folder::new();
    set_mode(&folder.0, 0o777);
    assert!(fault(Home::open(Some(&folder.0.join("forge")))).contains("chmod o-w"));
    set_mode(&folder.0, 0o1777);
    Home::open(Some(&folder.0.join("forge"))).unwrap();
}

#[test]
fn a_folder_that_was_replaced_is_noticed() {
    let folder = Folder::new();
    let path = folder.0.join("forge");
    let home = Home::open(Some(&path)).unwrap();
    std::fs::rename(&path, folder.0.join("old")).unwrap();
    assert!(home.check_in_place().is_err());
    Home::open(Some(&path)).unwrap();
    let error = home.check_in_place().unwrap_err().to_string();
    assert!(error.contains("moved or replaced"), "{error}");
}

#[test]
fn files_are_private_and_no_links() {
    let folder = Folder::new();
    let home = Home::open(Some(&folder.0.join("forge"))).unwrap();
    assert!(!home.has_file("key").unwrap() && home.file("key").unwrap().is_none());
    assert!(home.new_file("key").unwrap().is_some() && home.new_file("key").unwrap().is_none());
    assert!(home.has_file("key").unwrap() && home.file("key").unwrap().is_some());
    assert_eq!(mode(&home.path_of("key")), 0o600);
    set_mode(&home.path_of("key"), 0o640);
    assert!(home.has_file("key").unwrap_err().to_string().contains("chmod 0600"));

    symlink(home.path_of("key"), home.path_of("link")).unwrap();
    std::fs::create_dir(home.path_of("folder")).unwrap();
    rustix::fs::mknodat(&home, "pipe", FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    for name in ["link", "folder", "pipe"] {
        assert!(matches!(home.has_file(name).unwrap_err().fault, HomeFault::NoFile), "{name}");
        assert!(matches!(home.file(name).unwrap_err().fault, HomeFault::NoFile), "{name}");
    }
    for name in ["", ".", "..", "../key", "/etc/passwd", "a/b", "key/"] {
        assert!(matches!(home.has_file(name).unwrap_err().fault, HomeFault::Name), "{name}");
        assert!(matches!(home.new_file(name).unwrap_err().fault, HomeFault::Name), "{name}");
    }
}
