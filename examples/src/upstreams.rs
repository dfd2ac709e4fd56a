//! Banks to ask for rates, so that [`Rates`](crate::rates::Rates) has an internet without leaving the worker.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use duractor::prelude::*;
use serde::{Deserialize, Serialize};

/// The banks that are asked.
pub const BANKS: [&str; 4] = ["alpha", "beta", "gamma", "delta"];

/// A header that says when the bank had the request, in milliseconds since 1970.
pub const ASKED_AT: &str = "x-asked-at";

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

/// How long a listed offer may be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Terms {
    /// For five seconds.
    Fresh,
    /// As long as the bank, when it is asked, says that it still holds.
    Checked,
    /// For a second, and for half a minute more while the next one is fetched.
    Stale,
    /// Not at all.
    Never,
    /// The answer does not say.
    Unsaid,
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

    /// `GET /upstreams/{bank}/{terms}/{pair}`: an offer that holds for the minute. It may be used again as the terms say.
    #[get("/{terms}/{pair}")]
    pub async fn listed(&self, terms: Terms, pair: Pair, req: &Request, cx: &Cx) -> Result<Response> {
        let (asked, [luck]) = (cx.now(), cx.random());
        cx.sleep(self.mood.delay(luck)).await;
        let bank = cx.name().to_owned();
        if self.mood.failing {
            Err(Closed(bank.clone()))?;
        }
        let rate = pair.near(price_of_the_minute(&bank, asked));
        let answer = terms.answer(&Offer { bank, rate }, req.header("if-none-match"))?;
        Ok(answer.header(ASKED_AT, since_1970(asked).as_millis().to_string())?)
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

/// A number that is another one each minute, and for each bank.
fn price_of_the_minute(bank: &str, now: SystemTime) -> u8 {
    let minute = since_1970(now).as_secs() / 60;
    bank.bytes().fold(minute as u8, |price, byte| price.wrapping_mul(31).wrapping_add(byte))
}

fn since_1970(at: SystemTime) -> Duration {
    at.duration_since(UNIX_EPOCH).unwrap_or_default()
}

impl Terms {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Fresh, Self::Checked, Self::Stale, Self::Never, Self::Unsaid];

    /// What the answer's header `Cache-Control` says.
    pub fn cache_control(self) -> Option<&'static str> {
        match self {
            Self::Fresh => Some("max-age=5"),
            Self::Checked => Some("max-age=0"),
            Self::Stale => Some("max-age=1, stale-while-revalidate=30"),
            Self::Never => Some("no-store"),
            Self::Unsaid => None,
        }
    }

    /// The offer on these terms, or that it is still the one that the caller has.
    fn answer(self, offer: &Offer, known: Option<&str>) -> Result<Response> {
        let etag = (self == Self::Checked).then(|| format!("\"{}\"", offer.rate));
        let is_known = etag.is_some() && etag.as_deref() == known;
        let answer = if is_known { Response::empty().with_status(304)? } else { Response::json(offer) };
        let headers = [("etag", etag.as_deref()), ("cache-control", self.cache_control())];
        let mut said = headers.into_iter().filter_map(|(name, value)| Some((name, value?)));
        Ok(said.try_fold(answer, |answer, (name, value)| answer.header(name, value))?)
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fresh => "fresh",
            Self::Checked => "checked",
            Self::Stale => "stale",
            Self::Never => "never",
            Self::Unsaid => "unsaid",
        })
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
    fn a_listed_price_holds_for_a_minute() {
        let price = |bank, seconds| price_of_the_minute(bank, UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(price("alpha", 120), price("alpha", 179));
        assert_ne!(price("alpha", 120), price("alpha", 180));
        assert_ne!(price("alpha", 120), price("delta", 120));
    }

    #[test]
    fn a_listed_offer_says_how_long_it_may_be_used_and_when_it_was_asked_for() {
        let native = Native::new().routes(crate::routes());
        let asked = since_1970(native.now()).as_millis().to_string();
        native.put("/upstreams/alpha").json(&Mood { delay: Some(40), failing: false }).send();
        let answer = native.get("/upstreams/alpha/fresh/eurusd").send();
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("max-age=5")));
        assert_eq!((answer.header(ASKED_AT), answer.json::<Offer>().bank), (Some(asked.as_str()), "alpha".into()));
        assert_eq!(native.get("/upstreams/alpha/unsaid/eurusd").send().header("cache-control"), None);
        assert_eq!(native.get("/upstreams/alpha/cheap/eurusd").send().status, 400);
    }

    #[test]
    fn who_has_the_offer_that_holds_is_told_so() {
        let native = Native::new().routes(crate::routes());
        let first = native.get("/upstreams/alpha/checked/eurusd").send();
        let tag = first.header("etag").expect("an offer that is checked has a tag");
        let again = |tag| native.get("/upstreams/alpha/checked/eurusd").header("if-none-match", tag).send();
        assert_eq!((again(tag).status, &*again(tag).text()), (304, ""));
        assert!(again(tag).header(ASKED_AT).is_some(), "who asks again learns when");
        assert_eq!((again("\"other\"").status, again("\"other\"").text()), (200, first.text()));
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
