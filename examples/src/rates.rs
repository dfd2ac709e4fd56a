//! Several upstreams at once: all of them, the first of them, the best of them kept, and what the cache makes of it.

use std::{collections::BTreeMap, time::Duration};

use duractor::prelude::*;
use futures::future::{join_all, select_ok};
use serde::{Deserialize, Serialize};

use crate::{
    listed,
    page::{escape, page},
    upstreams::{BANKS, Offer, Pair},
    waterfall,
};

/// How long each of them is waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Compares what banks offer, and remembers the best offers.
#[derive(Default, Actor)]
pub struct Rates {
    best: BTreeMap<Pair, Offer>,
}

/// What came of asking a bank.
#[derive(Serialize)]
pub struct Answer {
    bank: &'static str,
    ms: u128,
    #[serde(flatten)]
    came: Came,
}

/// A rate, or why there is none.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Came {
    /// The bank's rate.
    Rate(f64),
    /// What went wrong.
    Error(String),
}

/// Not one bank made an offer.
#[derive(Debug, Problem)]
#[problem(502, "no bank offers {0} at present")]
pub struct NoOffer(Pair);

/// What the page's form sends.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Pick {
    pair: Pair,
}

#[methods]
impl Rates {
    /// `GET /rates/now/{pair}`: asks all banks at once. One that is slow or closed spoils nothing but its own line.
    #[get("/now/{pair}")]
    pub async fn now(&self, pair: Pair, cx: &Cx) -> Json<Vec<Answer>> {
        Json(ask_all(pair, cx).await)
    }

    /// `GET /rates/fastest/{pair}`: the first offer. The requests to the other banks are cancelled.
    #[get("/fastest/{pair}")]
    pub async fn fastest(&self, pair: Pair, cx: &Cx) -> Result<Json<Offer>> {
        let (first, _others) = select_ok(BANKS.map(|bank| Box::pin(ask(bank, pair, cx)))).await?;
        Ok(Json(first))
    }

    /// `POST /rates/refresh/{pair}`: keeps the best offer. No turn is held while the banks think it over.
    #[post("/refresh/{pair}")]
    pub async fn refresh(me: Me<Self>, pair: Pair, cx: &Cx) -> Result<Json<Offer>> {
        let offer = best_offer(pair, cx).await?;
        me.turn(|rates| {
            rates.best.insert(pair, offer.clone());
            Ok(Json(offer))
        })
        .await
    }

    /// `GET /rates/best`: what has been kept.
    #[get("/best")]
    pub fn best(&self) -> Json<&BTreeMap<Pair, Offer>> {
        Json(&self.best)
    }

    /// `GET /rates/waterfall`: asks for what may be used again, and draws when each request had its answer, and from where.
    #[get("/waterfall")]
    pub async fn waterfall(&self, cx: &Cx) -> impl IntoResponse {
        let svg = waterfall::draw(&listed::ask_all(cx).await);
        ([("cache-control", "no-store")], Response::svg(svg))
    }

    /// `POST /rates/clear`: lets go of what the cache keeps, and draws again.
    #[post("/clear")]
    pub fn clear(&self, cx: &Cx) -> Redirect {
        cx.cache().clear();
        Redirect::to("/rates/waterfall")
    }

    /// `GET /rates`: a page with all that.
    #[get]
    pub async fn page(&self, Query(pick): Query<Pick>, cx: &Cx) -> Html<String> {
        self.draw(pick.pair, &ask_all(pick.pair, cx).await)
    }

    /// `POST /rates`: what the page's button does.
    #[post]
    pub async fn submit(me: Me<Self>, Form(pick): Form<Pick>, cx: &Cx) -> Result<Redirect> {
        Self::refresh(me, pick.pair, cx).await?;
        Ok(Redirect::to(format!("/rates?pair={}", pick.pair)))
    }
}

/// Asks one bank.
async fn ask(bank: &str, pair: Pair, cx: &Cx) -> Result<Offer> {
    let reply = cx.get(format!("/upstreams/{bank}/{pair}")).timeout(PATIENCE).await?;
    Ok(reply.error_for_status()?.json()?)
}

/// Asks all banks, and takes the time of each.
async fn ask_all(pair: Pair, cx: &Cx) -> Vec<Answer> {
    let start = cx.now();
    let asked = BANKS.map(async |bank| {
        let came = match ask(bank, pair, cx).await {
            Ok(offer) => Came::Rate(offer.rate),
            Err(error) => Came::Error(error.to_string()),
        };
        let ms = cx.now().duration_since(start).unwrap_or_default().as_millis();
        Answer { bank, ms, came }
    });
    join_all(asked).await
}

/// Asks all banks for their best.
pub(crate) async fn best_offer(pair: Pair, cx: &Cx) -> Result<Offer, NoOffer> {
    best(&ask_all(pair, cx).await).ok_or(NoOffer(pair))
}

/// The offer with the highest rate.
fn best(answers: &[Answer]) -> Option<Offer> {
    let offers = answers.iter().filter_map(|answer| match answer.came {
        Came::Rate(rate) => Some(Offer { bank: answer.bank.into(), rate }),
        Came::Error(_) => None,
    });
    offers.max_by(|one, other| one.rate.total_cmp(&other.rate))
}

impl Rates {
    fn draw(&self, pair: Pair, answers: &[Answer]) -> Html<String> {
        let options: String = Pair::ALL.iter().map(|each| option(*each, *each == pair)).collect();
        let rows: String = answers.iter().map(row).collect();
        let kept = match self.best.get(&pair) {
            Some(offer) => format!("{} by {}", offer.rate, escape(&offer.bank)),
            None => "nothing yet".into(),
        };
        page(
            "Rates",
            &format!(
                r#"<form>
  <label>Pair <select name="pair">{options}</select></label>
  <button>Compare</button>
  <button formmethod="post">Keep the best</button>
</form>
<p>Kept for {pair}: <b>{kept}</b></p>
<div class="scroll"><table>
  <thead><tr><th>Bank<th>Rate<th>Took<th>From now on</tr></thead>
  <tbody>{rows}</tbody>
</table></div>
<p>All banks were asked at once, each for at most {} ms. Make one slow, or let it fail, and
compare again; set it empty to let it be as it was.</p>
{}"#,
                PATIENCE.as_millis(),
                frame()
            ),
        )
    }
}

/// A frame with the waterfall, and the buttons that load it: the rest of the page stays as it is.
fn frame() -> String {
    let (width, height) = waterfall::size(listed::REQUESTS);
    format!(
        r#"<h2>What the cache does</h2>
<p>Listed rates may be used again: some for five seconds, some as long as the bank says that they hold, some while the next
one is fetched, some never. Here all are asked for at once. Six requests are under way, the others wait in line; load it
again, at once or some seconds later, and see which are not made.</p>
<form target="waterfall">
  <button formaction="/rates/waterfall">Load again</button>
  <button formmethod="post" formaction="/rates/clear">Clear the cache</button>
</form>
<div class="scroll"><iframe name="waterfall" title="Waterfall of requests" src="/rates/waterfall"
  style="aspect-ratio: {width} / {height}"></iframe></div>"#
    )
}

fn option(pair: Pair, chosen: bool) -> String {
    let selected = if chosen { " selected" } else { "" };
    format!("<option{selected}>{pair}</option>")
}

fn row(Answer { bank, ms, came }: &Answer) -> String {
    let came = match came {
        Came::Rate(rate) => format!("<td>{rate}"),
        Came::Error(error) => format!(r#"<td class="bad">{}"#, escape(error)),
    };
    format!(
        r#"<tr><th scope="row">{bank}{came}<td class="ms">{ms} ms<td><form method="post" action="/upstreams/{bank}" aria-label="{bank}">
  <label>delay <input name="delay" type="number" min="0" max="10000" placeholder="ms"></label>
  <label><input name="failing" type="checkbox" value="true"> fail</label>
  <button>Set</button>
</form></tr>
"#
    )
}

#[cfg(test)]
mod tests {
    use duractor::Native;
    use serde_json::{Value, json};

    use super::*;

    fn answers() -> Vec<Answer> {
        let answer = |bank, came| Answer { bank, ms: 20, came };
        vec![
            answer("alpha", Came::Rate(1.07)),
            answer("beta", Came::Error("<closed>".into())),
            answer("gamma", Came::Rate(1.09)),
        ]
    }

    #[test]
    fn the_best_offer_has_the_highest_rate() {
        assert_eq!(best(&answers()), Some(Offer { bank: "gamma".into(), rate: 1.09 }));
        assert_eq!(best(&[]), None);
    }

    #[test]
    fn the_page_shows_rates_and_errors() {
        let Html(html) = Rates::default().draw(Pair::UsdJpy, &answers());
        for part in ["<option selected>usdjpy", "<td>1.09<td class=\"ms\">20 ms", "&lt;closed&gt;", "nothing yet"] {
            assert!(html.contains(part), "{part} is missing in {html}");
        }
    }

    /// A worker whose banks are so slow, and of which gamma is closed.
    fn worker(delays_ms: [u64; 4]) -> Native {
        let native = Native::new().routes(crate::routes());
        for (bank, delay) in BANKS.iter().zip(delays_ms) {
            let mood = json!({"delay": delay, "failing": *bank == "gamma"});
            native.put(&format!("/upstreams/{bank}")).json(&mood).send();
        }
        native
    }

    #[test]
    fn all_banks_are_asked_at_once_and_each_answers_for_itself() {
        let native = worker([100, 9_000, 20, 300]);
        let answers: Value = native.get("/rates/now/eurusd").send().json();
        let ms: Vec<_> = (0..4).map(|at| answers[at]["ms"].as_u64().unwrap()).collect();
        assert_eq!(ms, [100, 500, 20, 300]);
        assert!(answers[0]["rate"].is_f64() && answers[3]["rate"].is_f64());
        assert_eq!(answers[1]["error"], "/upstreams/beta/eurusd: no answer in time");
        assert_eq!(answers[2]["error"], "/upstreams/gamma/eurusd: the answer's status is 503");
    }

    #[test]
    fn the_fastest_offer_wins_and_a_failure_does_not() {
        let native = worker([100, 40, 20, 300]);
        let start = native.now();
        let offer: Offer = native.get("/rates/fastest/eurusd").send().json();
        assert_eq!(offer.bank, "beta");
        assert_eq!(native.now().duration_since(start).unwrap(), Duration::from_millis(40));
    }

    #[test]
    fn the_best_offer_is_kept_once_all_have_answered() {
        let native = worker([1, 2, 3, 4]);
        let offer: Offer = native.post("/rates/refresh/usdjpy").send().json();
        let kept: BTreeMap<Pair, Offer> = native.get("/rates/best").send().json();
        assert_eq!(kept, BTreeMap::from([(Pair::UsdJpy, offer)]));
    }

    #[test]
    fn without_any_offer_nothing_is_kept() {
        let native = worker([9_000; 4]);
        let reply = native.post("/rates/refresh/usdjpy").send();
        assert_eq!((reply.status, reply.text().contains("no bank offers usdjpy")), (502, true));
        assert_eq!(native.get("/rates/best").send().text(), "{}");
    }
}
