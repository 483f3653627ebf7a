//! Runs that keep a profile: what they spend, and where.
//!
//! What a profile is, and how it is kept, is the business of `profile`; here an instance is given one.

use super::{Error, Instance};
use crate::profile::Profile;
use std::iter::once;
use std::sync::Arc;

impl Instance {
    /// Keeps a new profile from now on, also of what is left of a run that stopped. Everything else that
    /// can be seen of runs stays as it is. They take more time: native code that was not made for profiles
    /// is not entered.
    pub fn start_profile(&mut self) {
        let profile = Profile::new(self.linked.program());
        self.keep(profile);
    }

    /// Goes on with a profile, such as that of an instance whose run was moved here.
    ///
    /// # Errors
    /// If it is of another program.
    pub fn resume_profile(&mut self, profile: Profile) -> Result<(), Error> {
        let (own, other) = (self.linked.program(), profile.program());
        if !Arc::ptr_eq(own, other) && own.hash() != other.hash() {
            return Err(Error::OtherProgram);
        }
        self.keep(profile);
        Ok(())
    }

    fn keep(&mut self, mut profile: Profile) {
        let frames = self.machine.callers.iter().chain(once(&self.machine.frame));
        profile.go_on(frames.map(|frame| frame.function));
        self.profile = Some(profile);
    }

    /// The profile so far, if one is kept.
    #[must_use]
    pub fn profile(&self) -> Option<&Profile> {
        self.profile.as_ref()
    }

    /// The profile so far, if one was kept. None is from now on.
    pub fn take_profile(&mut self) -> Option<Profile> {
        self.profile.take()
    }
}
