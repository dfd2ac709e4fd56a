//! Banks to ask for rates, so that [`Rates`](crate::rates::Rates) has an internet without leaving the worker.

use std::{fmt, time::Duration};

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

/// A bank, which answers as slowly and fails as surely as it is told.
#[derive(Default, Actor)]
pub struct Upstreams {
    mood: Mood,
}

/// How a bank answers.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Mood {
    /// Milliseconds before the answer; without it a quarter of a second or less, at random.
    delay: Option<u64>,
    failing: bool,
}

/// Two currencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pair {
    /// Dollars for a euro.
    #[default]
    EurUsd,
    /// Pounds for a euro.
    EurGbp,
    /// Yen for a dollar.
    UsdJpy,
}

/// What a bank gives for the first currency of a pair in the second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// The bank's name.
    pub bank: String,
    /// The rate.
    pub rate: f64,
}

/// The bank gives no rates today.
#[derive(Debug, Problem)]
#[problem(503, "the bank {0} is closed")]
pub struct Closed(String);

#[methods]
impl Upstreams {
    /// `GET /upstreams/{bank}/{pair}`: an offer. A query such as `?delay=300` or `?failing=true` is a mood for this once.
    #[get("/{pair}")]
    pub async fn quote(&self, pair: Pair, once: Option<Query<Mood>>, cx: &Cx) -> Result<Json<Offer>, Closed> {
        let mood = once.map_or(self.mood, |Query(mood)| mood);
        let [luck, price] = cx.random();
        cx.sleep(mood.delay(luck)).await;
        let bank = cx.name().to_owned();
        if mood.failing { Err(Closed(bank)) } else { Ok(Json(Offer { bank, rate: pair.near(price) })) }
    }

    /// `PUT /upstreams/{bank}`: sets the bank's mood.
    #[put]
    pub fn set(&mut self, Json(mood): Json<Mood>) {
        self.mood = mood;
    }

    /// `POST /upstreams/{bank}`: sets it by a form of the page `/rates`, and goes back there.
    #[post]
    pub fn submit(&mut self, Form(mood): Form<Mood>) -> Redirect {
        self.mood = mood;
        Redirect::to("/rates")
    }
}

/// The longest delay, in milliseconds.
const DELAY_MAX_MS: u64 = 10_000;

impl Mood {
    fn delay(self, luck: u8) -> Duration {
        Duration::from_millis(self.delay.unwrap_or(luck.into()).min(DELAY_MAX_MS))
    }
}

impl Pair {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::EurUsd, Self::EurGbp, Self::UsdJpy];

    /// A rate within half a percent of what is usual, to four decimals.
    fn near(self, price: u8) -> f64 {
        let usual = match self {
            Self::EurUsd => 1.0832,
            Self::EurGbp => 0.8571,
            Self::UsdJpy => 151.22,
        };
        let rate = usual * (0.995 + f64::from(price) / 25_500.0);
        (rate * 1e4).round() / 1e4
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EurUsd => "eurusd",
            Self::EurGbp => "eurgbp",
            Self::UsdJpy => "usdjpy",
        })
    }
}

#[cfg(test)]
mod tests {
    use duractor::Native;

    use super::*;

    #[test]
    fn rates_are_near_what_is_usual() {
        assert_eq!(Pair::EurUsd.near(0), 1.0778);
        assert_eq!(Pair::EurUsd.near(255), 1.0886);
    }

    #[test]
    fn a_mood_decides_the_delay() {
        let delay = |delay| Mood { delay, failing: false }.delay(7).as_millis();
        assert_eq!((delay(None), delay(Some(300)), delay(Some(u64::MAX))), (7, 300, 10_000));
    }

    #[test]
    fn a_mood_lasts_and_a_query_is_for_once() {
        let native = Native::new().routes(crate::routes());
        let status = |target: &str| native.get(target).send().status;
        assert_eq!(native.put("/upstreams/beta").json(&Mood { delay: None, failing: true }).send().status, 204);
        assert_eq!(status("/upstreams/beta/eurusd"), 503);
        assert_eq!(status("/upstreams/beta/eurusd?delay=5"), 200);
        assert_eq!(status("/upstreams/beta/eurusd"), 503);
        assert_eq!(status("/upstreams/alpha/eurusd"), 200);
    }
}
