//! Measurements of a sensor: two columns of numbers, statistics by kernels, days in SQL, a chart.

use std::{f64::consts::TAU, iter::zip, ops::Range, time::UNIX_EPOCH};

use duractor::prelude::*;
use duractor_kernels::{pages, sum};
use serde::{Deserialize, Serialize};

use crate::page::{escape, page};

/// Most samples of one request.
const SAMPLES_MAX: usize = 10_000;

/// Most points of the chart's line, as long as a point is no more than a column's page.
const POINTS_MAX: u64 = 400;

/// The last second of the year 9999.
const AT_MAX: f64 = 253_402_300_799.0;

const DAY_SECONDS: f64 = 86_400.0;

const CREATE_DAYS: &str = "CREATE TABLE days (day INTEGER PRIMARY KEY, samples INTEGER, least REAL, greatest REAL)";

const COUNT_IN: &str =
    "INSERT INTO days VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET samples = samples + excluded.samples,
    least = min(least, excluded.least), greatest = max(greatest, excluded.greatest)";

const LAST_DAYS: &str = "SELECT date(day * 86400, 'unixepoch') AS date, samples, least, greatest FROM days
    ORDER BY day DESC LIMIT 31";

/// What a sensor has measured, oldest first: row `n` is `at[n]` and `value[n]`. Both columns, and the days, which are in
/// SQL, commit together.
#[derive(Default, Actor)]
pub struct Telemetry {
    at: Column,
    value: Column,
}

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When, in seconds since 1970.
    at: f64,
    value: f64,
}

/// A time window, in seconds since 1970; without an end it is open there.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Window {
    /// The first second.
    from: Option<f64>,
    /// The first second after it.
    to: Option<f64>,
}

/// What the samples of a window have in common. Without samples there is none of it.
#[derive(Debug, PartialEq, Serialize)]
pub struct Stats {
    samples: u64,
    mean: Option<f64>,
    least: Option<f64>,
    greatest: Option<f64>,
}

/// A row of `days`.
#[derive(Serialize, Deserialize)]
pub struct Day {
    date: String,
    samples: u64,
    least: f64,
    greatest: f64,
}

/// Which part the page shows: the hours before the last sample.
#[derive(Deserialize)]
pub struct Shown {
    hours: u32,
}

/// What the page's form sends.
#[derive(Deserialize)]
pub struct Measured {
    value: f64,
}

/// Samples that are not taken, and none of those sent with them.
#[derive(Debug, PartialEq, Problem)]
pub enum Refused {
    /// One is older than the one before it.
    #[problem(409, "a sample at {at} comes after one at {last}; they come in order")]
    OutOfOrder {
        /// When it was measured.
        at: f64,
        /// When the one before it was.
        last: f64,
    },
    /// One is no measurement.
    #[problem(
        422,
        "{value} at {at:?} is no measurement: both are finite, and the time is in seconds from 1970 to 9999"
    )]
    NoMeasurement {
        /// When it was measured.
        at: f64,
        /// What was.
        value: f64,
    },
    /// A window that nothing is in, nor out of.
    #[problem(422, "a window is from a number to a number")]
    BadWindow,
    /// There are too many.
    #[problem(413, "{samples} samples at once are more than {max}")]
    TooMany {
        /// How many were sent.
        samples: usize,
        /// How many may be.
        max: usize,
    },
}

#[methods]
impl Telemetry {
    /// Runs once for every sensor, before its first call.
    #[created]
    pub fn create(&mut self, sql: &mut Sql) -> Result<()> {
        sql.execute(CREATE_DAYS, ())?;
        Ok(())
    }

    /// `POST /telemetry/{sensor}/samples`: appends all of them, or none, and answers how many there are now.
    #[post("/samples")]
    pub fn append(&mut self, Json(samples): Json<Vec<Sample>>, cx: &Cx) -> Result<u64> {
        self.extend(&samples, cx)?;
        Ok(self.at.len())
    }

    /// `POST /telemetry/{sensor}/now/{value}`: appends one, of now.
    #[post("/now/{value}")]
    pub fn measure(&mut self, value: f64, cx: &Cx) -> Result<u64> {
        self.append(Json(vec![Sample { at: now(cx), value }]), cx)
    }

    /// `GET /telemetry/{sensor}/stats?from=…&to=…`
    #[get("/stats")]
    pub fn stats(&self, Query(window): Query<Window>) -> Result<Json<Stats>> {
        Ok(Json(self.sum_up(self.rows(window)?)?))
    }

    /// `GET /telemetry/{sensor}/days`: the last month, day by day.
    #[get("/days")]
    pub fn days(&self, cx: &Cx) -> Result<Json<Vec<Day>>> {
        Ok(Json(cx.sql(LAST_DAYS, ()).all()?))
    }

    /// `DELETE /telemetry/{sensor}`: forgets all samples.
    #[delete]
    pub fn clear(&mut self, cx: &Cx) -> Result<()> {
        self.at.clear();
        self.value.clear();
        cx.sql("DELETE FROM days", ()).execute()?;
        Ok(())
    }

    /// `GET /telemetry/{sensor}`: a page with all that.
    #[get]
    pub fn page(&self, shown: Option<Query<Shown>>, req: &Request) -> Result<Html<String>> {
        let hours = shown.map_or(24, |Query(shown)| shown.hours);
        let from = self.at.last().map(|last| last - f64::from(hours) * 3_600.0);
        let rows = self.rows(Window { from, to: None })?;
        let (stats, line) = (self.sum_up(rows.clone())?, self.line(rows)?);
        Ok(draw(req, hours, &stats, &line))
    }

    /// `POST /telemetry/{sensor}`: what the page's form does.
    #[post]
    pub fn submit(&mut self, Form(Measured { value }): Form<Measured>, req: &Request, cx: &Cx) -> Result<Redirect> {
        self.measure(value, cx)?;
        Ok(Redirect::to(req.path()))
    }

    /// `POST /telemetry/{sensor}/fill`: makes up a day of samples, from the last one on, and goes back to the page.
    #[post("/fill")]
    pub fn fill(&mut self, req: &Request, cx: &Cx) -> Result<Redirect> {
        self.extend(&made_up(self.at.last(), cx), cx)?;
        let (page, _) = req.path().rsplit_once("/fill").unwrap_or_default();
        Ok(Redirect::to(page))
    }
}

impl Telemetry {
    fn extend(&mut self, samples: &[Sample], cx: &Cx) -> Result<()> {
        if samples.len() > SAMPLES_MAX {
            Err(Refused::TooMany { samples: samples.len(), max: SAMPLES_MAX })?;
        }
        samples.iter().try_for_each(|sample| self.push(*sample))?;
        for day in samples.chunk_by(|one, next| one.day() == next.day()) {
            let (least, greatest) = extremes(day.iter().map(|sample| sample.value));
            cx.sql(COUNT_IN, (day[0].day(), day.len(), least, greatest)).execute()?;
        }
        Ok(())
    }

    fn push(&mut self, Sample { at, value }: Sample) -> Result<(), Refused> {
        if !(0.0..=AT_MAX).contains(&at) || !value.is_finite() {
            return Err(Refused::NoMeasurement { at, value });
        }
        if let Some(last) = self.at.last().filter(|last| at < *last) {
            return Err(Refused::OutOfOrder { at, last });
        }
        self.at.push(at);
        self.value.push(value);
        Ok(())
    }

    /// The rows of a window: a few pages of one column are looked at, however many there are.
    fn rows(&self, Window { from, to }: Window) -> Result<Range<u64>> {
        if [from, to].into_iter().flatten().any(f64::is_nan) {
            Err(Refused::BadWindow)?;
        }
        let start = from.map_or(Ok(0), |from| self.at.partition_point(|at| at < from))?;
        let end = to.map_or(Ok(self.at.len()), |to| self.at.partition_point(|at| at < to))?;
        Ok(start..end.max(start))
    }

    fn sum_up(&self, rows: Range<u64>) -> Result<Stats> {
        let samples = rows.end - rows.start;
        let some = |number: f64| (samples > 0).then_some(number);
        let pages = self.value.slices(rows)?;
        let total: f64 = pages::sum(pages.clone());
        let (least, greatest) = extremes(pages.flatten().copied());
        Ok(Stats { samples, mean: some(total / samples as f64), least: some(least), greatest: some(greatest) })
    }

    /// The rows as points of a line, each the mean of some samples.
    fn line(&self, rows: Range<u64>) -> Result<Vec<(f64, f64)>> {
        let step = (rows.end - rows.start).div_ceil(POINTS_MAX).max(1) as usize;
        // Columns of the same length have their pages at the same rows.
        let pages = zip(self.at.slices(rows.clone())?, self.value.slices(rows)?);
        let points = pages.flat_map(|(at, value)| zip(at.chunks(step), value.chunks(step)));
        Ok(points.map(|(at, value)| (mean(at), mean(value))).collect())
    }
}

impl Sample {
    fn day(self) -> i64 {
        (self.at / DAY_SECONDS) as i64
    }
}

fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

/// The least and the greatest; infinite if there is none.
fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, greatest), value| (least.min(value), greatest.max(value)))
}

fn now(cx: &Cx) -> f64 {
    cx.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A sample for every minute after the last one, or of the last month: a day of them at most, and none of the future.
fn made_up(last: Option<f64>, cx: &Cx) -> Vec<Sample> {
    let (now, noise) = (now(cx), cx.random::<1_440>());
    let last = last.unwrap_or(now - 30.0 * DAY_SECONDS);
    let minutes = (1..).map(|minute| last + f64::from(minute) * 60.0).take_while(|at| *at <= now);
    let samples = zip(minutes, noise);
    samples.map(|(at, noise)| Sample { at, value: usual(at) + f64::from(noise) / 128.0 }).collect()
}

/// A temperature, warmest in the afternoon.
fn usual(at: f64) -> f64 {
    15.0 - 5.0 * (TAU * (at / DAY_SECONDS - 0.125)).cos()
}

fn draw(req: &Request, hours: u32, stats: &Stats, line: &[(f64, f64)]) -> Html<String> {
    let [sensor, path] = [req.param("sensor").unwrap_or_default(), req.path().trim_end_matches('/')].map(escape);
    let options: String = [6, 24, 168, 720].map(|each| option(each, each == hours)).concat();
    let number = |number: Option<f64>| number.map_or("–".into(), |number| format!("{number:.2}"));
    let (mean, least, greatest) = (number(stats.mean), number(stats.least), number(stats.greatest));
    let (samples, chart) = (stats.samples, chart(line));
    page(
        &format!("Sensor {sensor}"),
        &format!(
            r#"<form method="post" action="{path}/fill"><button>Make up a day of samples</button></form>
<form method="post">
  <label>Or measure now <input name="value" type="number" step="any" value="20" required></label>
  <button>Add</button>
</form>
<form><label>Last hours <select name="hours">{options}</select></label> <button>Show</button></form>
{chart}
<div class="scroll"><table>
  <thead><tr><th>Samples<th>Mean<th>Least<th>Greatest</tr></thead>
  <tbody><tr><td>{samples}<td>{mean}<td>{least}<td>{greatest}</tr></tbody>
</table></div>
<p>Made-up samples begin a month ago, or where the last one was, and end now. The days are in SQL:
<a href="{path}/days">days</a>.</p>"#
        ),
    )
}

fn option(hours: u32, is_chosen: bool) -> String {
    let selected = if is_chosen { " selected" } else { "" };
    format!("<option{selected}>{hours}</option>")
}

/// A line in a frame of 800 by 240, which is as wide and as high as the line.
fn chart(line: &[(f64, f64)]) -> String {
    let (left, right) = extremes(line.iter().map(|point| point.0));
    let (bottom, top) = extremes(line.iter().map(|point| point.1));
    // A line without width or height runs through the middle.
    let place = |value: f64, from: f64, to: f64| if to > from { (value - from) / (to - from) } else { 0.5 };
    let points = line.iter().map(|(at, value)| {
        format!("{:.1},{:.1} ", 800.0 * place(*at, left, right), 240.0 - 240.0 * place(*value, bottom, top))
    });
    let points: String = points.collect();
    format!(
        r#"<svg viewBox="-4 -4 808 248" role="img" aria-label="The values over time" fill="none">
  <polyline points="{points}" stroke="var(--accent)" stroke-width="2" stroke-linejoin="round"/>
</svg>"#
    )
}

#[cfg(test)]
mod tests {
    use duractor::{COLUMN_PAGE_VALUES, Native, native::Fault};
    use serde_json::{Value, json};

    use super::*;

    fn worker() -> Native {
        Native::new().routes(crate::routes())
    }

    /// Sends samples of one second each, from this one on.
    fn send(native: &Native, from: u32, values: &[f64]) -> (u16, String) {
        let samples: Vec<_> = zip(from.., values).map(|(at, value)| Sample { at: at.into(), value: *value }).collect();
        let reply = native.post("/telemetry/attic/samples").json(&samples).send();
        (reply.status, reply.text().into_owned())
    }

    /// As a new object finds it.
    fn get(native: &Native, target: &str) -> Value {
        native.evict("Telemetry", "attic");
        let reply = native.get(&format!("/telemetry/attic{target}")).send();
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    #[test]
    fn a_window_is_summed_up_across_pages() {
        let mut sensor = Telemetry::default();
        let count = 3 * COLUMN_PAGE_VALUES as u32;
        (0..count).for_each(|at| sensor.push(Sample { at: at.into(), value: f64::from(at) / 2.0 }).unwrap());
        let Json(stats) = sensor.stats(Query(Window { from: Some(100.5), to: Some(1_101.0) })).unwrap();
        let expected = Stats { samples: 1_000, mean: Some(300.25), least: Some(50.5), greatest: Some(550.0) };
        assert_eq!(stats, expected);
    }

    #[test]
    fn a_window_without_samples_has_no_mean() {
        let native = worker();
        send(&native, 10, &[1.0, 2.0]);
        let none = json!({"samples": 0, "mean": null, "least": null, "greatest": null});
        for window in ["?from=12", "?to=10", "?from=11&to=11", "?from=11&to=3"] {
            assert_eq!(get(&native, &format!("/stats{window}")), none, "{window}");
        }
        assert_eq!(get(&native, "/stats?from=11")["mean"], 2.0);
    }

    #[test]
    fn samples_outlive_their_object() {
        let native = worker();
        assert_eq!(send(&native, 0, &[1.0; 700]), (200, "700".into()));
        native.evict("Telemetry", "attic");
        assert_eq!(send(&native, 700, &[3.0; 700]), (200, "1400".into()));
        assert_eq!(get(&native, "/stats"), json!({"samples": 1_400, "mean": 2.0, "least": 1.0, "greatest": 3.0}));
    }

    #[test]
    fn samples_are_taken_together_or_not_at_all() {
        let native = worker();
        send(&native, 10, &[1.0]);
        let mixed = json!([{"at": 11, "value": 5}, {"at": 9, "value": 5}]);
        let reply = native.post("/telemetry/attic/samples").json(&mixed).send();
        assert_eq!((reply.status, reply.text().contains("a sample at 9 comes after one at 11")), (409, true));
        native.inject(Fault::FailCommit);
        assert_eq!(send(&native, 11, &[5.0]).0, 503);
        assert_eq!(get(&native, "/stats")["samples"], 1);
        assert_eq!(get(&native, "/days")[0]["samples"], 1);
    }

    #[test]
    fn days_are_kept_in_sql() {
        let native = worker();
        send(&native, 86_398, &[4.0, 1.0, 7.0]);
        send(&native, 86_402, &[8.0]);
        let first = json!({"date": "1970-01-01", "samples": 2, "least": 1.0, "greatest": 4.0});
        let second = json!({"date": "1970-01-02", "samples": 2, "least": 7.0, "greatest": 8.0});
        assert_eq!(get(&native, "/days"), json!([second, first]));
        assert_eq!(native.delete("/telemetry/attic").send().status, 204);
        assert_eq!((get(&native, "/days"), &get(&native, "/stats")["samples"]), (json!([]), &json!(0)));
    }

    #[test]
    fn what_is_no_measurement_is_refused() {
        let native = worker();
        let status = |target: &str| native.post(&format!("/telemetry/attic{target}")).send().status;
        assert_eq!((status("/now/warm"), status("/now/NaN"), status("/now/-3.5")), (400, 422, 200));
        let form = |value: &str| native.post("/telemetry/attic").form(&[("value", value)]).send().status;
        assert_eq!((form("warm"), form("inf"), form("4.5")), (400, 422, 303));
        let long_ago = json!([{"at": -1, "value": 5}]);
        assert_eq!(native.post("/telemetry/attic/samples").json(&long_ago).send().status, 422);
        let looked = |query: &str| native.get(&format!("/telemetry/attic{query}")).send().status;
        assert_eq!((looked("/stats?until=5"), looked("/stats?to=NaN"), looked("?hours=many")), (400, 422, 400));
        assert_eq!(send(&native, 0, &[0.0; SAMPLES_MAX + 1]).0, 413);
        assert_eq!(get(&native, "/stats")["samples"], 2);
    }

    #[test]
    fn the_chart_is_a_line_of_few_points() {
        let mut sensor = Telemetry::default();
        (0..5_000).for_each(|at| sensor.push(Sample { at: at.into(), value: 7.0 }).unwrap());
        let line = sensor.line(0..5_000).unwrap();
        assert!((300..=500).contains(&line.len()), "{}", line.len());
        assert!(chart(&line).contains(r#"points="0.0,120.0 "#));
        assert!(chart(&[]).contains(r#"points="""#));
    }

    #[test]
    fn the_page_makes_up_a_day_at_a_time() {
        let native = worker();
        let press = || native.post("/telemetry/attic/fill").send();
        assert_eq!((press().status, press().header("location")), (303, Some("/telemetry/attic")));
        assert_eq!(get(&native, "/stats")["samples"], 2_880);
        let page = native.get("/telemetry/attic?hours=6").send();
        assert!(page.text().contains("<td>361<td>") && page.text().contains("<option selected>6<"), "{}", page.text());
    }
}
