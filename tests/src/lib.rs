//! The system as a whole, from outside: the binary `regulars` as a process, with its
//! files, signals and sockets. What can be tested inside a crate is tested there.

#[cfg(test)]
mod commands;
#[cfg(test)]
mod mail;
#[cfg(test)]
mod process;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod sources;
