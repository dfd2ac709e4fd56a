//! Measurements of a sensor: two columns of numbers, statistics of a window, a chart of few points, days in SQL.

use std::{f64::consts::TAU, iter::zip, ops::Range, time::UNIX_EPOCH};

use duractor::{kernels::Bucket, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    chart::{self, Chart, Span, Words},
    page::{escape, page},
};

/// Most samples of one request.
const SAMPLES_MAX: usize = 10_000;

/// How many points a line may have.
const POINTS: std::ops::RangeInclusive<usize> = 3..=2_000;

/// How many it has if nobody says.
const POINTS_USUAL: usize = 400;

/// The smoother line is the mean of this part of the samples.
const SMOOTH_PART: u64 = 24;

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

/// A time window, and how many points its line may have.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plot {
    from: Option<f64>,
    to: Option<f64>,
    points: Option<usize>,
}

/// What the samples of a window have in common. Without samples there is none of it.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    samples: u64,
    mean: Option<f64>,
    /// The standard deviation.
    deviation: Option<f64>,
    least: Option<f64>,
    median: Option<f64>,
    p95: Option<f64>,
    p99: Option<f64>,
    greatest: Option<f64>,
}

/// A window to be drawn, as points of few numbers: time and value.
#[derive(Debug, Serialize)]
pub struct Series {
    /// Samples, chosen so that a line through them looks like one through all.
    line: Vec<(f64, f64)>,
    /// Parts of the window: first and last time, least and greatest value.
    band: Vec<(f64, f64, f64, f64)>,
    /// The mean of so many samples, up to the end of each part.
    smooth: Vec<(f64, f64)>,
    window: usize,
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
    #[problem(422, "a window is from a number to one that is not less")]
    BadWindow,
    /// A line of too few points, or too many.
    #[problem(422, "a line has {min} to {max} points, not {points}")]
    BadPoints {
        /// How many were asked for.
        points: usize,
        /// How many there are at least.
        min: usize,
        /// How many there may be.
        max: usize,
    },
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

    /// `GET /telemetry/{sensor}/series?from=…&to=…&points=…`: what a chart is drawn of.
    #[get("/series")]
    pub fn series(&self, Query(plot): Query<Plot>) -> Result<Json<Series>> {
        let Plot { from, to, points } = plot;
        let points = points.unwrap_or(POINTS_USUAL);
        if !POINTS.contains(&points) {
            Err(Refused::BadPoints { points, min: *POINTS.start(), max: *POINTS.end() })?;
        }
        Ok(Json(self.plot(self.rows(Window { from, to })?, points)?))
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
        let (stats, series) = (self.sum_up(rows.clone())?, self.plot(rows, POINTS_USUAL)?);
        Ok(draw(req, hours, &stats, &series))
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
        // A NaN is not in order with anything.
        let is_in_order = from.unwrap_or(f64::NEG_INFINITY) <= to.unwrap_or(f64::INFINITY);
        if !is_in_order {
            Err(Refused::BadWindow)?;
        }
        let start = from.map_or(Ok(0), |from| self.at.partition_point(|at| at < from))?;
        let end = to.map_or(Ok(self.at.len()), |to| self.at.partition_point(|at| at < to))?;
        Ok(start..end)
    }

    fn sum_up(&self, rows: Range<u64>) -> Result<Stats> {
        let Some([median, p95, p99]) = self.value.quantiles(rows.clone(), [0.5, 0.95, 0.99])? else {
            return Ok(Stats::default());
        };
        let stats = self.value.stats(rows)?;
        Ok(Stats {
            samples: stats.count,
            mean: stats.mean,
            deviation: stats.standard_deviation,
            least: stats.min,
            median: Some(median),
            p95: Some(p95),
            p99: Some(p99),
            greatest: stats.max,
        })
    }

    /// The rows as a line of so many points at most, in a band of half as many parts.
    fn plot(&self, rows: Range<u64>, points: usize) -> Result<Series> {
        let line = self.at.lttb(&self.value, rows.clone(), points)?;
        let buckets = self.value.buckets(rows.clone(), points / 2)?;
        let window = ((rows.end - rows.start) / SMOOTH_PART).max(1);
        Ok(Series {
            line: line.into_iter().map(|point| (point.x, point.y)).collect(),
            band: buckets
                .iter()
                .filter_map(|bucket| self.part(rows.start, bucket).transpose())
                .collect::<Result<_>>()?,
            smooth: self.smooth(rows, window as usize, &buckets)?,
            window: window as usize,
        })
    }

    /// From when to when a bucket is, and its extremes. `start` is the first row of all buckets.
    fn part(&self, start: u64, bucket: &Bucket<f64>) -> Result<Option<(f64, f64, f64, f64)>> {
        let [first, last] = [bucket.range.start, bucket.range.end - 1].map(|at| self.at.get(start + at as u64));
        let times = first?.zip(last?);
        Ok(times.zip(bucket.min_max).map(|((from, to), (least, greatest))| (from, to, least, greatest)))
    }

    /// The mean of a window of samples that ends where a bucket does.
    fn smooth(&self, rows: Range<u64>, window: usize, buckets: &[Bucket<f64>]) -> Result<Vec<(f64, f64)>> {
        // Samples before the first row give it a mean, too.
        let before = rows.start.min(window as u64 - 1);
        let means = self.value.rolling_mean(rows.start - before..rows.end, window)?;
        let mut smooth = Vec::with_capacity(buckets.len());
        for last in buckets.iter().map(|bucket| bucket.range.end - 1) {
            let (at, mean) = (self.at.get(rows.start + last as u64)?, means[before as usize + last]);
            smooth.extend(at.filter(|_| !mean.is_nan()).map(|at| (at, mean)));
        }
        Ok(smooth)
    }
}

impl Sample {
    fn day(self) -> i64 {
        (self.at / DAY_SECONDS) as i64
    }
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
    samples.map(|(at, noise)| Sample { at, value: usual(at) + deviation(noise) }).collect()
}

/// A temperature, warmest in the afternoon.
fn usual(at: f64) -> f64 {
    15.0 - 5.0 * (TAU * (at / DAY_SECONDS - 0.125)).cos()
}

/// What is measured beside it, by chance: a little, and sometimes a peak.
fn deviation(noise: u8) -> f64 {
    f64::from(noise) / 128.0 + if noise == u8::MAX { 6.0 } else { 0.0 }
}

fn draw(req: &Request, hours: u32, stats: &Stats, series: &Series) -> Html<String> {
    let [sensor, path] = [req.param("sensor").unwrap_or_default(), req.path().trim_end_matches('/')].map(escape);
    let options: String = [6, 24, 168, 720].map(|each| option(each, each == hours)).concat();
    let (numbers, chart) = (numbers(stats), chart(&sensor, hours, stats, series));
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
{numbers}
<p>Made-up samples begin a month ago, or where the last one was, and end now. As JSON: <a href="{path}/stats">statistics</a>,
<a href="{path}/series?points=50">a series of 50 points</a>, and <a href="{path}/days">days</a>, which are in SQL.</p>"#
        ),
    )
}

fn numbers(stats: &Stats) -> String {
    let number = |number: Option<f64>| number.map_or("–".into(), |number| format!("{number:.2}"));
    let Stats { samples, mean, deviation, least, median, p95, p99, greatest } = *stats;
    let numbers = [mean, deviation, least, median, p95, p99, greatest].map(|each| format!("<td>{}", number(each)));
    format!(
        r#"<div class="scroll"><table>
  <thead><tr><th>Samples<th>Mean<th>Deviation<th>Least<th>Median<th>95 % below<th>99 % below<th>Greatest</tr></thead>
  <tbody><tr><td>{samples}{}</tr></tbody>
</table></div>"#,
        numbers.concat()
    )
}

fn chart(sensor: &str, hours: u32, stats: &Stats, series: &Series) -> String {
    let Series { line, band, smooth, window } = series;
    let span = |&(from, to, least, greatest): &_| Span { from, to, least, greatest };
    let words = Words {
        title: format!("Sensor {sensor}, the last {hours} hours"),
        description: format!(
            "{} of {} samples as a line, in a band from the least to the greatest. Dashed: the mean of {window} samples.",
            line.len(),
            stats.samples
        ),
        left: format!("{hours} hours before, or the first"),
        right: "the last sample".into(),
    };
    let chart = Chart { band: band.iter().map(span).collect(), line: line.clone(), smooth: smooth.clone() };
    chart::draw(&chart, &words)
}

fn option(hours: u32, is_chosen: bool) -> String {
    let selected = if is_chosen { " selected" } else { "" };
    format!("<option{selected}>{hours}</option>")
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
        let expected = Stats {
            samples: 1_000,
            mean: Some(300.25),
            deviation: Some((999_999f64 / 48.0).sqrt()),
            least: Some(50.5),
            median: Some(300.25),
            p95: Some(525.025),
            p99: Some(545.005),
            greatest: Some(550.0),
        };
        assert_eq!(stats, expected);
    }

    #[test]
    fn a_window_without_samples_has_no_mean() {
        let native = worker();
        send(&native, 10, &[1.0, 2.0]);
        for window in ["?from=12", "?to=10", "?from=11&to=11"] {
            let stats = get(&native, &format!("/stats{window}"));
            assert_eq!((&stats["samples"], &stats["mean"], &stats["p99"]), (&json!(0), &Value::Null, &Value::Null));
            assert_eq!(get(&native, &format!("/series{window}"))["line"], json!([]), "{window}");
        }
        assert_eq!(get(&native, "/stats?from=11")["mean"], 2.0);
    }

    #[test]
    fn samples_outlive_their_object() {
        let native = worker();
        assert_eq!(send(&native, 0, &[1.0; 700]), (200, "700".into()));
        native.evict("Telemetry", "attic");
        assert_eq!(send(&native, 700, &[3.0; 700]), (200, "1400".into()));
        let expected = json!({"samples": 1_400, "mean": 2.0, "deviation": 1.0, "least": 1.0, "median": 2.0, "p95": 3.0,
            "p99": 3.0, "greatest": 3.0});
        assert_eq!(get(&native, "/stats"), expected);
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
    fn windows_and_lines_that_cannot_be_are_refused() {
        let native = worker();
        send(&native, 0, &[1.0; 9]);
        let asked = |query: &str| native.get(&format!("/telemetry/attic{query}")).send();
        for query in ["/stats?from=5&to=4", "/series?from=5&to=4", "/series?from=NaN", "/stats?from=NaN&to=NaN"] {
            assert_eq!((asked(query).status, asked(query).text().contains("bad-window")), (422, true), "{query}");
        }
        for points in ["0", "2", "2001"] {
            let reply = asked(&format!("/series?points={points}"));
            let detail = format!("a line has 3 to 2000 points, not {points}");
            assert_eq!((reply.status, reply.text().contains(&detail)), (422, true), "{}", reply.text());
        }
        for query in ["/series?points=-1", "/series?points=many", "/series?points=1e3", "/series?window=5"] {
            assert_eq!(asked(query).status, 400, "{query}");
        }
    }

    #[test]
    fn a_series_is_of_few_points_and_keeps_peaks() {
        let native = worker();
        let mut values: Vec<_> = (0..5_000).map(|at| f64::from(at % 5)).collect();
        values[1_234] = 99.0;
        send(&native, 0, &values);
        let series = get(&native, "/series?from=1000&points=40");
        let line = series["line"].as_array().unwrap();
        assert_eq!((line.len(), &line[0], &line[39]), (40, &json!([1000.0, 0.0]), &json!([4999.0, 4.0])));
        assert!(line.contains(&json!([1234.0, 99.0])), "{series}");
        let band = series["band"].as_array().unwrap();
        assert_eq!((band.len(), &band[1]), (20, &json!([1200.0, 1399.0, 0.0, 99.0])));
        // The first window begins before the first sample that is shown.
        let smooth = series["smooth"].as_array().unwrap();
        assert_eq!((&series["window"], smooth.len()), (&json!(166), 20));
        assert_eq!(smooth[0][0], 1199.0);
        let mean = values[1_034..1_200].iter().sum::<f64>() / 166.0;
        assert!((smooth[0][1].as_f64().unwrap() - mean).abs() < 1e-12);
    }

    #[test]
    fn the_chart_says_what_it_shows() {
        let native = worker();
        assert!(native.get("/telemetry/attic").send().text().contains("nothing to draw"));
        send(&native, 0, &[7.0; 3_000]);
        let page = native.get("/telemetry/attic?hours=6").send().text().into_owned();
        assert!(page.contains(r#"role="img""#) && page.contains("400 of 3000 samples as a line"), "{page}");
        assert!(page.contains("the mean of 125 samples") && !page.contains("NaN"), "{page}");
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
