//! The reserve: a part of the disk that is held so that there is room for a refusal when there is none otherwise.

use crate::forge::home::{Home, HomeError, HomeFault};
use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;
use std::fs::File;
use std::io::{self, Write};

const NAME: &str = "reserve";

/// How much of the disk is held, in bytes.
pub const RESERVE_BYTES: u64 = 256 << 10;

/// Sees to it that the reserve is there; false if there is no room for it. That a file has its full size is
/// what tells it is: the size is set when the room is had.
pub(super) fn ensure(home: &Home) -> Result<bool, HomeError> {
    match make(home) {
        Ok(()) => Ok(true),
        Err(error) if error.is_disk_full() => Ok(false),
        Err(error) => Err(error),
    }
}

fn make(home: &Home) -> Result<(), HomeError> {
    let wrong = |error| HomeFault::Make(error).at(&home.path_of(NAME));
    let file = match home.file(NAME)? {
        Some(file) => file,
        None => match home.new_file(NAME)? {
            Some(file) => file,
            // Another process was faster. If the file is gone again, somebody plays with it.
            None => home.file(NAME)?.ok_or_else(|| wrong(io::ErrorKind::NotFound.into()))?,
        },
    };
    if file.metadata().map_err(wrong)?.len() == RESERVE_BYTES {
        return Ok(());
    }
    allocate(&file).map_err(|error| {
        // The part that was had is of use to others. The failure is what there is to tell.
        let _ = file.set_len(0);
        wrong(error)
    })
}

fn allocate(file: &File) -> io::Result<()> {
    file.set_len(0)?;
    match fallocate(file, FallocateFlags::empty(), 0, RESERVE_BYTES) {
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => fill(file)?,
        done => done?,
    }
    file.sync_all()
}

/// Writes what no file system can make smaller.
fn fill(mut file: &File) -> io::Result<()> {
    let mut noise = blake3::Hasher::new().finalize_xof();
    let mut part = [0; 4096];
    for _ in 0..RESERVE_BYTES / part.len() as u64 {
        noise.fill(&mut part);
        file.write_all(&part)?;
    }
    Ok(())
}

/// Gives the reserve up. The name stays: removing a file frees nothing while another process has it open.
pub(super) fn free(home: &Home) -> Result<(), HomeError> {
    let Some(file) = home.file(NAME)? else { return Ok(()) };
    file.set_len(0).map_err(|error| HomeFault::Open(error).at(&home.path_of(NAME)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forge::home::tests::Folder;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn the_reserve_takes_up_room_and_gives_it_back() {
        let folder = Folder::new();
        let home = Home::open(Some(&folder.0.join("forge"))).unwrap();
        let taken = || {
            let file = std::fs::metadata(home.path_of(NAME)).unwrap();
            (file.len(), file.blocks() * 512 >= RESERVE_BYTES)
        };
        assert!(ensure(&home).unwrap() && ensure(&home).unwrap());
        assert_eq!(taken(), (RESERVE_BYTES, true));
        free(&home).unwrap();
        assert_eq!(taken(), (0, false));
        // One that was left half made.
        home.file(NAME).unwrap().unwrap().set_len(RESERVE_BYTES / 2).unwrap();
        assert!(ensure(&home).unwrap());
        assert_eq!(taken(), (RESERVE_BYTES, true));
        // Where room cannot be asked for, it is written.
        free(&home).unwrap();
        let file = home.file(NAME).unwrap().unwrap();
        fill(&file).unwrap();
        file.sync_all().unwrap();
        assert_eq!(taken(), (RESERVE_BYTES, true));
    }
}
