//! What was found, a line a check.

use std::fmt;

use serde::Serialize;

use crate::failure::Failure;

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum State {
    /// As it should be.
    Ok,
    /// Not done yet, by whoever sets the deployment up.
    Todo,
    /// Not as it should be.
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    state: State,
    /// What was looked at.
    check: String,
    /// How it is, and what to do about it.
    text: String,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn ok(&mut self, check: &str, text: impl fmt::Display) {
        self.add(State::Ok, check, text);
    }

    pub(super) fn todo(&mut self, check: &str, text: impl fmt::Display) {
        self.add(State::Todo, check, text);
    }

    pub(super) fn wrong(&mut self, check: &str, text: impl fmt::Display) {
        self.add(State::Wrong, check, text);
    }

    /// Whether what was looked at is as it should be.
    pub(super) fn is(
        &mut self,
        check: &str,
        fine: bool,
        good: impl fmt::Display,
        bad: impl fmt::Display,
    ) {
        match fine {
            true => self.ok(check, good),
            false => self.wrong(check, bad),
        }
    }

    pub(super) fn add(&mut self, state: State, check: &str, text: impl fmt::Display) {
        let (check, text) = (check.to_owned(), text.to_string());
        self.findings.push(Finding { state, check, text });
    }

    /// What was found, to be read by programs.
    pub(super) fn json(&self) -> Result<String, Failure> {
        serde_json::to_string_pretty(&self.findings)
            .map_err(|error| Failure::because("the report can't be written", &error))
    }

    /// A failure where anything is wrong.
    pub(super) fn verdict(&self) -> Result<(), Failure> {
        match self.count(State::Wrong) {
            0 => Ok(()),
            1 => Err(Failure::new("one thing is wrong")),
            wrong => Err(Failure::new(format!("{wrong} things are wrong"))),
        }
    }

    fn count(&self, state: State) -> usize {
        self.findings.iter().filter(|finding| finding.state == state).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = self.findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
        for Finding { state, check, text } in &self.findings {
            let state = match state {
                State::Ok => "ok",
                State::Todo => "to do",
                State::Wrong => "wrong",
            };
            writeln!(f, "{state:<5}  {check:<longest$}  {text}")?;
        }
        let [ok, todo, wrong] = [State::Ok, State::Todo, State::Wrong].map(|one| self.count(one));
        write!(f, "{ok} ok, {todo} to do, {wrong} wrong")
    }
}
