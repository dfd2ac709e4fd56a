//! A line, a band that it lies in, and a smoother line, as SVG in a page.

use std::fmt::Write;

/// From when to when values were how small and how large at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    pub(crate) from: f64,
    pub(crate) to: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

/// What is drawn: points from left to right.
#[derive(Debug, Default)]
pub(crate) struct Chart {
    pub(crate) band: Vec<Span>,
    pub(crate) line: Vec<(f64, f64)>,
    pub(crate) smooth: Vec<(f64, f64)>,
}

/// What stands beside it: text as HTML.
pub(crate) struct Words {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) left: String,
    pub(crate) right: String,
}

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 240.0;
/// Where values are written, and where the times.
const SIDE: f64 = 60.0;
const FOOT: f64 = 24.0;

/// The colours are the page's, so that it is as light or dark.
const STYLE: &str = "<style>
  figure { margin: 0 0 1rem; }
  figcaption { color: var(--faint); font-size: .9rem; }
  .chart text { font: 13px system-ui, sans-serif; fill: var(--faint); font-variant-numeric: tabular-nums; }
  .chart .grid { stroke: var(--line); }
  .chart .band { fill: var(--accent); opacity: .25; }
  .chart polyline { fill: none; stroke-linejoin: round; stroke: var(--accent); stroke-width: 1.5; }
  .chart .smooth { stroke: var(--ink); stroke-width: 2; stroke-dasharray: 7 4; }
</style>";

/// Where times and values are in the picture.
struct Scale {
    from: f64,
    to: f64,
    least: f64,
    greatest: f64,
}

impl Scale {
    /// What the band takes up; it has all that the lines have.
    fn new(band: &[Span]) -> Option<Self> {
        let (first, last) = (band.first()?, band.last()?);
        let least = band.iter().map(|span| span.least).fold(f64::INFINITY, f64::min);
        let greatest = band.iter().map(|span| span.greatest).fold(f64::NEG_INFINITY, f64::max);
        Some(Self { from: first.from, to: last.to, least, greatest })
    }

    fn point(&self, at: f64, value: f64) -> String {
        let (x, y) = (share(at, self.from, self.to), share(value, self.least, self.greatest));
        format!("{:.1},{:.1} ", SIDE + x * WIDTH, HEIGHT - y * HEIGHT)
    }

    fn points(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        points.map(|(at, value)| self.point(at, value)).collect()
    }

    /// Along the greatest values, and back along the least.
    fn outline(&self, band: &[Span]) -> String {
        let top = band.iter().flat_map(|span| [(span.from, span.greatest), (span.to, span.greatest)]);
        let bottom = band.iter().rev().flat_map(|span| [(span.to, span.least), (span.from, span.least)]);
        self.points(top.chain(bottom))
    }
}

/// How far on the way; half of it where there is no way.
fn share(value: f64, from: f64, to: f64) -> f64 {
    // By halves, since values can be as far apart as numbers can be.
    let [value, from, to] = [value, from, to].map(|each| each / 2.0);
    if to > from { (value - from) / (to - from) } else { 0.5 }
}

/// Draws a figure; without points there is none.
pub(crate) fn draw(chart: &Chart, words: &Words) -> String {
    let Some(scale) = Scale::new(&chart.band) else {
        return "<p>There is nothing to draw yet.</p>".into();
    };
    let Words { title, description, left, right } = words;
    let (width, height, bottom) = (SIDE + WIDTH + 4.0, HEIGHT + 8.0 + FOOT, HEIGHT + FOOT - 4.0);
    let mut svg = format!(
        r#"<figure>{STYLE}
<svg class="chart" viewBox="0 -8 {width} {height}" role="img" aria-labelledby="title" aria-describedby="desc">
  <title id="title">{title}</title>
  <desc id="desc">{description}</desc>
"#
    );
    for step in 0..=4 {
        svg.push_str(&grid(&scale, f64::from(step) / 4.0));
    }
    let [line, smooth] = [&chart.line, &chart.smooth].map(|line| scale.points(line.iter().copied()));
    let band = scale.outline(&chart.band);
    let end = SIDE + WIDTH;
    _ = write!(
        svg,
        r#"  <polygon class="band" points="{band}"/>
  <polyline class="line" points="{line}"/>
  <polyline class="smooth" points="{smooth}"/>
  <text x="{SIDE}" y="{bottom}">{left}</text>
  <text x="{end}" y="{bottom}" text-anchor="end">{right}</text>
</svg>
<figcaption>{description}</figcaption></figure>"#
    );
    svg
}

/// A line across, and its value.
fn grid(scale: &Scale, share: f64) -> String {
    let y = HEIGHT - share * HEIGHT;
    let value = scale.least * (1.0 - share) + scale.greatest * share;
    let (from, to, text) = (SIDE, SIDE + WIDTH, SIDE - 8.0);
    format!(
        r#"  <line class="grid" x1="{from}" x2="{to}" y1="{y}" y2="{y}"/>
  <text x="{text}" y="{y}" dy=".3em" text-anchor="end">{}</text>
"#,
        short(value)
    )
}

/// A number that finds place beside the chart.
fn short(value: f64) -> String {
    if value != 0.0 && !(0.01..1e5).contains(&value.abs()) { format!("{value:.1e}") } else { format!("{value:.2}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words { title: "T".into(), description: "D".into(), left: "L".into(), right: "R".into() }
    }

    fn span(from: f64, to: f64, least: f64, greatest: f64) -> Span {
        Span { from, to, least, greatest }
    }

    #[test]
    fn all_that_is_drawn_is_in_the_frame() {
        let band = vec![span(10.0, 20.0, 1.0, 3.0), span(20.0, 30.0, 2.0, 5.0)];
        let chart = Chart { band, line: vec![(10.0, 1.0), (30.0, 5.0)], smooth: vec![(20.0, 3.0)] };
        let svg = draw(&chart, &words());
        assert!(svg.contains(r#"class="line" points="60.0,240.0 860.0,0.0 ""#), "{svg}");
        assert!(svg.contains(r#"class="smooth" points="460.0,120.0 ""#), "{svg}");
        assert!(
            svg.contains(r#"points="60.0,120.0 460.0,120.0 460.0,0.0 860.0,0.0 860.0,180.0 460.0,180.0 460.0,240.0 "#)
        );
    }

    #[test]
    fn a_line_without_width_or_height_runs_through_the_middle() {
        let chart = Chart { band: vec![span(9.0, 9.0, 7.0, 7.0)], line: vec![(9.0, 7.0)], smooth: vec![] };
        assert!(draw(&chart, &words()).contains(r#"class="line" points="460.0,120.0 ""#));
        assert_eq!(share(0.0, -f64::MAX, f64::MAX), 0.5);
    }

    #[test]
    fn nothing_is_said_to_be_nothing() {
        assert!(draw(&Chart::default(), &words()).contains("nothing to draw"));
    }

    #[test]
    fn values_are_short() {
        assert_eq!([0.0, 21.5, -0.25, 1e9, 1e-7].map(short), ["0.00", "21.50", "-0.25", "1.0e9", "1.0e-7"]);
    }
}
