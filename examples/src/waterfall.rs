//! A waterfall: what a call has asked for, line by line over time, as SVG.

use std::fmt::Write;

use crate::page::escape;

/// A request and what came of it. Times are in milliseconds since the first request was wanted,
/// and in order: start, asked, end.
pub(crate) struct Row {
    pub(crate) label: String,
    pub(crate) start: u64,
    /// When the upstream had the request, if it had, and has said so.
    pub(crate) asked: Option<u64>,
    pub(crate) end: u64,
    pub(crate) came: Came,
}

/// Where an answer came from, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Came {
    /// From the cache, without asking.
    Hit,
    /// From the cache: the upstream was asked whether it still holds.
    Validated,
    /// From the upstream.
    Miss,
    /// From nowhere.
    Failed(String),
}

impl Came {
    /// The class of its shapes, and the word for who does not see their colours.
    fn word(&self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Validated => "validated",
            Self::Miss => "miss",
            Self::Failed(_) => "failed",
        }
    }
}

const WIDTH: u32 = 880;
/// Where the time axis begins and ends; labels are left of it, words right.
const LEFT: f64 = 236.0;
const RIGHT: f64 = 720.0;
/// Where the first row begins, below summary and legend.
const TOP: u32 = 76;
const ROW_HEIGHT: u32 = 22;
const BAR_HEIGHT: u32 = 12;
const AXIS_HEIGHT: u32 = 34;
/// What took no time is to be seen as well.
const BAR_MIN_WIDTH: f64 = 4.0;
/// Most parts of the axis.
const STEPS_MAX: u64 = 6;

/// Class and text of what the legend explains.
const LEGEND: [(&str, &str); 5] = [
    ("line", "waits in line"),
    ("miss", "miss"),
    ("validated", "validated"),
    ("hit", "hit, at once"),
    ("failed", "failed, or too late"),
];

/// The colours of the pages, and one for each way to be answered; all stand out from the card in both schemes.
const STYLE: &str = "
  :root { color-scheme: light dark; --card: #fff; --ink: #1d1b19; --faint: #625d57; --grid: #e3dfd9;
    --hit: #1a7f37; --validated: #0969da; --miss: #b7701a; --failed: #b3261e; }
  @media (prefers-color-scheme: dark) {
    :root { --card: #201d1b; --ink: #eeeae5; --faint: #a8a199; --grid: #3a3531;
      --hit: #56d364; --validated: #79c0ff; --miss: #f0b429; --failed: #ff8a80; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); font-variant-numeric: tabular-nums; }
  .card { fill: var(--card); }
  .sum { font-weight: 600; }
  .tick { fill: var(--faint); font-size: 12px; text-anchor: middle; }
  .grid { stroke: var(--grid); }
  .line { fill: none; stroke: var(--faint); stroke-dasharray: 3 2; }
  .hit { fill: var(--hit); } .validated { fill: var(--validated); } .miss { fill: var(--miss); }
  .failed { fill: var(--failed); }
";

/// The picture's width and height.
pub(crate) fn size(rows: usize) -> (u32, u32) {
    (WIDTH, bottom(rows) + AXIS_HEIGHT)
}

/// Draws rows from top to bottom; an `<svg>` that stands for itself.
pub(crate) fn draw(rows: &[Row]) -> String {
    let (width, height) = size(rows.len());
    // Without time there is an axis still.
    let span = rows.iter().map(|row| row.end).max().unwrap_or(0).max(1);
    let summary = summary(rows);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" lang="en" role="img" aria-labelledby="title" aria-describedby="desc">
<title id="title">Waterfall of a call's requests</title>
<desc id="desc">{summary}. Each row is a request: how long it waited in line, and then for its answer.</desc>
<style>{STYLE}</style>
<rect class="card" width="{width}" height="{height}" rx="8"/>
<text class="sum" x="12" y="26">{summary}</text>
"#
    );
    svg.push_str(&legend());
    svg.push_str(&axis(span, bottom(rows.len())));
    for (row, top) in rows.iter().zip((TOP..).step_by(ROW_HEIGHT as usize)) {
        svg.push_str(&line(row, top, span));
    }
    svg.push_str("</svg>\n");
    svg
}

/// Where the last row ends.
fn bottom(rows: usize) -> u32 {
    TOP + ROW_HEIGHT * rows as u32
}

fn x(ms: u64, span: u64) -> f64 {
    LEFT + (RIGHT - LEFT) * ms as f64 / span as f64
}

/// How many there are, how long they took, and what came of them.
fn summary(rows: &[Row]) -> String {
    let count = |word| rows.iter().filter(|row| row.came.word() == word).count();
    let took = rows.iter().map(|row| row.end).max().unwrap_or(0);
    let counts = ["miss", "validated", "hit", "failed"].map(|word| format!("{} {word}", count(word)));
    format!("{} requests in {took} ms: {}", rows.len(), counts.join(", "))
}

fn legend() -> String {
    let mut svg = String::new();
    for (at, (class, text)) in LEGEND.iter().enumerate() {
        let x = 12 + 150 * at;
        _ = write!(svg, r#"<rect class="{class}" x="{x}" y="43" width="20" height="{BAR_HEIGHT}"/>"#);
        _ = writeln!(svg, r#"<text x="{}" y="54">{text}</text>"#, x + 28);
    }
    svg
}

fn axis(span: u64, bottom: u32) -> String {
    let (mut svg, step) = (String::new(), step(span));
    for ms in (0..=span / step).map(|part| part * step) {
        let x = x(ms, span);
        _ = write!(svg, r#"<path class="grid" d="M{x:.1} {}V{bottom}"/>"#, TOP - 4);
        _ = writeln!(svg, r#"<text class="tick" x="{x:.1}" y="{}">{ms} ms</text>"#, bottom + 18);
    }
    svg
}

/// The least of 1, 2, 5, 10, 20, 50 … that divides the axis into few parts.
fn step(span: u64) -> u64 {
    let powers = (0..20).map(|power| 10_u64.saturating_pow(power));
    let mut steps = powers.flat_map(|power| [1, 2, 5].map(|digit| power.saturating_mul(digit)));
    steps.find(|step| span / step <= STEPS_MAX).unwrap_or(u64::MAX)
}

fn line(row: &Row, top: u32, span: u64) -> String {
    let (label, word, said) = (text(&row.label), row.came.word(), text(&said(row)));
    let (text_y, bar_y) = (top + 15, top + (ROW_HEIGHT - BAR_HEIGHT) / 2);
    // Without a word of the upstream, line and answer cannot be told apart.
    let asked = row.asked.unwrap_or(row.start);
    let (start_x, asked_x, end_x) = (x(row.start, span), x(asked, span), x(row.end, span));
    let mut svg = format!("<g class=\"row\"><title>{said}</title>\n<text x=\"12\" y=\"{text_y}\">{label}</text>\n");
    if asked > row.start {
        svg.push_str(&bar("line", start_x, asked_x - start_x, bar_y));
    }
    svg.push_str(&bar(word, asked_x, (end_x - asked_x).max(BAR_MIN_WIDTH), bar_y));
    let took = row.end.saturating_sub(row.start);
    _ = writeln!(svg, r#"<text x="{}" y="{text_y}">{word}, {took} ms</text></g>"#, RIGHT + 14.0);
    svg
}

fn bar(class: &str, x: f64, width: f64, y: u32) -> String {
    format!("<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y}\" width=\"{width:.1}\" height=\"{BAR_HEIGHT}\"/>\n")
}

/// A row in words, which a pointer shows.
fn said(Row { label, start, asked, end, came }: &Row) -> String {
    let why = if let Came::Failed(why) = came { format!(" ({why})") } else { String::new() };
    let asked = asked.map_or(String::new(), |asked| format!(" asked at {asked} ms,"));
    format!("{label}: {}{why}; wanted at {start} ms,{asked} ended at {end} ms", came.word())
}

/// Text as XML shows it, which has no way to write most control characters.
fn text(text: &str) -> String {
    let is_control = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    escape(text).replace(is_control, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(start: u64, asked: Option<u64>, end: u64, came: Came) -> Row {
        Row { label: "alpha".into(), start, asked, end, came }
    }

    /// What is between the first occurrence of one text and the next of another.
    fn between<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
        let (_, text) = text.split_once(from).unwrap_or_else(|| panic!("{from} is not in {text}"));
        text.split(to).next().unwrap_or_default()
    }

    /// Class, left and right of all bars of rows.
    fn bars(svg: &str) -> Vec<(String, f64, f64)> {
        let rows = svg.split("<g class=\"row\">").skip(1);
        let rects = rows.flat_map(|row| row.split("<rect").skip(1));
        rects
            .map(|rect| {
                let number = |key| between(rect, key, "\"").parse::<f64>().expect("a number");
                let x = number(" x=\"");
                (between(rect, "class=\"", "\"").to_owned(), x, x + number(" width=\""))
            })
            .collect()
    }

    #[test]
    fn a_request_that_waited_in_line_has_two_bars_that_touch() {
        let svg = draw(&[row(0, Some(0), 100, Came::Miss), row(0, Some(50), 200, Came::Miss)]);
        let middle = (LEFT + RIGHT) / 2.0;
        let quarter = (LEFT + middle) / 2.0;
        let expected = [("miss", LEFT, middle), ("line", LEFT, quarter), ("miss", quarter, RIGHT)];
        assert_eq!(bars(&svg), expected.map(|(class, from, to)| (class.to_owned(), from, to)));
    }

    #[test]
    fn what_takes_no_time_is_seen_and_is_within_the_picture() {
        for rows in [vec![row(0, None, 0, Came::Hit)], vec![row(9, None, 9, Came::Hit)]] {
            let bars = bars(&draw(&rows));
            assert_eq!(bars.len(), 1);
            let (class, from, to) = &bars[0];
            assert_eq!((class.as_str(), to - from), ("hit", BAR_MIN_WIDTH));
            assert!(*from >= LEFT && *to <= f64::from(WIDTH), "{from} to {to}");
        }
    }

    #[test]
    fn without_a_word_of_the_upstream_there_is_one_bar_from_start_to_end() {
        let svg = draw(&[row(0, None, 40, Came::Miss)]);
        assert_eq!(bars(&svg), [("miss".to_owned(), LEFT, RIGHT)]);
        assert!(svg.contains("<title>alpha: miss; wanted at 0 ms, ended at 40 ms</title>"), "{svg}");
    }

    #[test]
    fn rows_are_below_each_other_and_above_the_axis() {
        let rows: Vec<_> = (0..12).map(|at| row(0, None, at, Came::Hit)).collect();
        let svg = draw(&rows);
        let tops: Vec<u32> = svg
            .split("<g class=\"row\">")
            .skip(1)
            .map(|row| between(between(row, "<rect", "/>"), " y=\"", "\"").parse().expect("a number"))
            .collect();
        assert_eq!(tops.len(), rows.len());
        assert!(tops.windows(2).all(|two| two[1] - two[0] == ROW_HEIGHT), "{tops:?}");
        let axis: u32 = between(between(&svg, "class=\"tick\"", ">"), " y=\"", "\"").parse().expect("a number");
        assert!(tops[11] + BAR_HEIGHT < axis && axis < size(rows.len()).1, "{tops:?}, {axis}");
    }

    #[test]
    fn the_axis_has_few_round_steps() {
        let steps = [0, 1, 6, 7, 13, 14, 34, 35, 480, 3_000, u64::MAX].map(step);
        assert_eq!(steps[..10], [1, 1, 1, 2, 2, 5, 5, 10, 100, 500]);
        assert!(u64::MAX / steps[10] <= STEPS_MAX);
        let axis = axis(480, 100);
        assert!(["0 ms", "100 ms", "400 ms"].iter().all(|tick| axis.contains(&format!(">{tick}<"))), "{axis}");
        assert_eq!(axis.matches("<text").count(), 5);
    }

    #[test]
    fn text_stays_text() {
        let came = Came::Failed("</title>\u{1b}\0".into());
        let label = "<script>\"&'".into();
        let svg = draw(&[Row { label, start: 0, asked: None, end: 1, came }]);
        assert!(svg.contains("&lt;script&gt;&quot;&amp;&#39;</text>"), "{svg}");
        assert!(svg.contains("failed (&lt;/title&gt;\u{fffd}\u{fffd});"), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains(['\u{1b}', '\0']), "{svg}");
    }

    #[test]
    fn a_title_and_a_summary_are_there_for_who_does_not_see_it() {
        let rows = [row(0, Some(0), 30, Came::Miss), row(0, None, 0, Came::Hit), row(0, None, 0, Came::Hit)];
        let svg = draw(&rows);
        assert!(svg.contains(r#"role="img" aria-labelledby="title" aria-describedby="desc""#), "{svg}");
        assert!(svg.contains(r#"<title id="title">Waterfall"#), "{svg}");
        assert!(
            between(&svg, "<desc id=\"desc\">", "</desc>")
                .starts_with("3 requests in 30 ms: 1 miss, 0 validated, 2 hit")
        );
        assert!(
            LEGEND
                .iter()
                .all(|(class, text)| svg.contains(&format!(r#"<rect class="{class}" x="#)) && svg.contains(text))
        );
    }
}
