//! Measures several subjects in turns, since only what was measured side by side is compared.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::args::Pace;
use crate::cpu;
use crate::load::{Ask, Client, drive};
use crate::report::{Round, Table};
use crate::scenario::Promise;
use crate::workerd::Workerd;

/// How long each subject is asked before it is measured for the first time, so that its code is compiled.
const WARM_UP: Duration = Duration::from_secs(2);

/// How long it is asked before each other time, so that its caches are its own again.
const LEAD_IN: Duration = Duration::from_millis(150);

/// What is measured: a peer that is asked something.
pub(crate) struct Subject<'a> {
    pub(crate) name: &'a str,
    /// Which of workerd's peers it is.
    pub(crate) peer: usize,
    pub(crate) ask: &'a dyn Ask,
}

/// Measures all subjects in turns. The first is what the others are compared with.
///
/// # Errors
///
/// One does not answer as expected.
pub(crate) fn measure(
    workerd: &Workerd,
    scenario: &str,
    subjects: &[Subject<'_>],
    promise: Promise,
    pace: &Pace,
) -> Result<Table> {
    let rounds = rounds(workerd, scenario, subjects, pace)?;
    let peers: Vec<(&str, &[Round])> =
        subjects.iter().zip(&rounds).map(|(subject, rounds)| (subject.name, &rounds[..])).collect();
    Ok(Table::new(scenario, Some(promise), &peers))
}

/// Measures all subjects in turns; the rounds of each.
///
/// # Errors
///
/// One does not answer as expected.
pub(crate) fn rounds(
    workerd: &Workerd,
    scenario: &str,
    subjects: &[Subject<'_>],
    pace: &Pace,
) -> Result<Vec<Vec<Round>>> {
    let ask = |subject: &Subject<'_>, before: Duration| {
        slice(workerd, subject, before, pace).with_context(|| format!("the peer {}", subject.name))
    };
    for subject in subjects {
        ask(subject, WARM_UP)?;
    }
    let mut rounds = vec![Vec::new(); subjects.len()];
    for number in 1..=pace.rounds {
        eprintln!("{scenario}: round {number} of {}", pace.rounds);
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            rounds.push(ask(subject, LEAD_IN)?);
        }
    }
    Ok(rounds)
}

/// Measures a subject once, after it was asked for a time that does not count. The connections are new, since the server
/// closes those that idle while the others have their turn.
fn slice(workerd: &Workerd, subject: &Subject<'_>, before: Duration, pace: &Pace) -> Result<Round> {
    let clients = (0..pace.connections).map(|_| workerd.connect(subject.peer));
    let mut clients: Vec<Client> = clients.collect::<Result<_>>()?;
    drive(&mut clients, subject.ask, before)?;
    let before = cpu::used(workerd.pid())?;
    let sample = drive(&mut clients, subject.ask, pace.slice)?;
    let used = cpu::used(workerd.pid())?.saturating_sub(before);
    Ok(Round { cpu_us: used.as_secs_f64() * 1e6 / sample.requests as f64, sample })
}
