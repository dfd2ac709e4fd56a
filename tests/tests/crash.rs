//! workerd is killed at random moments under load: nothing acknowledged is lost, nothing half-done is seen.

use duractor_tests::crash::{self, Plan};

const KILLS: u32 = 20;

/// `cargo xtask crash` kills more often, and by other seeds.
#[test]
fn twenty_kills_lose_nothing() {
    let plan = Plan { kills: KILLS, seed: 20, time_max: None };
    let summary = crash::run(plan, |_| ()).unwrap_or_else(|error| panic!("{error:#}"));
    assert_eq!(summary.kills, KILLS);
    assert!(summary.acknowledged > 0 && summary.found + summary.lost > 0, "nothing was tried: {summary:?}");
}
