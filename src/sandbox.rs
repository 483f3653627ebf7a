//! Runs a program that nobody trusts in a jail: nothing of the host to read, to write, to reach or to exhaust.
