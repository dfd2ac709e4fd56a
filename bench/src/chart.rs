//! How fast kernels are, drawn: a line for each kernel, on it a mark for each variant.

use std::fmt::Write as _;

use crate::kernel::{Kernel, Variant};
use crate::speed::{Place, Speed, length};

/// Where panels begin, and how far they and lines are apart, in pixels.
const LEFT: f64 = 190.0;
const TOP: f64 = 96.0;
const PANEL_WIDTH: f64 = 270.0;
const PANEL_GAP: f64 = 24.0;
const LINE_HEIGHT: f64 = 17.0;

/// Both ends of the axis, in GB/s.
const LEAST: f64 = 0.5;
const GREATEST: f64 = 300.0;
const TICKS: [f64; 6] = [0.5, 2.0, 8.0, 32.0, 100.0, 300.0];

/// The kernel comes last, so that its mark is on top.
const MARKS: [(Variant, &str, &str); 5] = [
    (Variant::Limit, "memory.copy", "#888888"),
    (Variant::Js, "JavaScript", "#d97706"),
    (Variant::Scalar, "scalar twin", "#7c5cbf"),
    (Variant::Baseline, "one accumulator", "#0f766e"),
    (Variant::Simd, "kernel", "#c2185b"),
];

/// Draws a chart as SVG: a panel for each length.
pub(crate) fn chart(place: &Place, speeds: &[Speed]) -> String {
    let (kernels, lengths) = axes(speeds);
    let width = LEFT + lengths.len() as f64 * (PANEL_WIDTH + PANEL_GAP);
    let bottom = TOP + kernels.len() as f64 * LINE_HEIGHT;
    let mut svg = String::new();
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {}" font-family="sans-serif" font-size="12">"#,
        bottom + 32.0
    );
    let _ = writeln!(svg, r##"<rect width="100%" height="100%" fill="#ffffff"/>"##);
    text(&mut svg, 12.0, 22.0, r##"font-size="15" fill="#222222""##, "Kernels: GB/s read and written, logarithmic");
    text(&mut svg, 12.0, 40.0, r##"fill="#666666""##, &place.to_string());
    legend(&mut svg);
    for (at, kernel) in kernels.iter().enumerate() {
        let attributes = r##"text-anchor="end" fill="#222222""##;
        text(&mut svg, LEFT - 10.0, line(at) + 4.0, attributes, &label(*kernel));
    }
    for (at, n) in lengths.iter().enumerate() {
        let left = LEFT + at as f64 * (PANEL_WIDTH + PANEL_GAP);
        panel_axis(&mut svg, left, bottom, *n);
        let is_last = at + 1 == lengths.len();
        for speed in speeds.iter().filter(|speed| speed.n == *n || is_last && !lengths.contains(&speed.n)) {
            let row = kernels.iter().position(|kernel| *kernel == speed.kernel).unwrap_or_default();
            marks(&mut svg, left, line(row), speed);
        }
    }
    svg + "</svg>\n"
}

/// The kernels that there are, and the lengths, in order. What is only measured at a length of its own has no panel, but is
/// drawn in the last one.
fn axes(speeds: &[Speed]) -> (Vec<Kernel>, Vec<usize>) {
    let (mut kernels, mut lengths) = (Vec::new(), Vec::new());
    for speed in speeds {
        if !kernels.contains(&speed.kernel) {
            kernels.push(speed.kernel);
        }
        if !lengths.contains(&speed.n) && speed.kernel.lengths().len() > 1 {
            lengths.push(speed.n);
        }
    }
    if lengths.is_empty() {
        lengths.extend(speeds.first().map(|speed| speed.n));
    }
    (kernels, lengths)
}

/// The name of a kernel, with its length if that is no panel's.
fn label(kernel: Kernel) -> String {
    match kernel.lengths() {
        [n] => format!("{}, {}", kernel.name, length(*n)),
        _ => kernel.name.to_owned(),
    }
}

fn line(at: usize) -> f64 {
    TOP + (at as f64 + 0.5) * LINE_HEIGHT
}

/// Where on a panel's axis.
fn across(gb_s: f64) -> f64 {
    let share = (gb_s / LEAST).ln() / (GREATEST / LEAST).ln();
    share.clamp(0.0, 1.0) * PANEL_WIDTH
}

fn legend(svg: &mut String) {
    let mut x = 18.0;
    for (variant, name, color) in MARKS.into_iter().rev() {
        mark(svg, x, 58.0, variant, color);
        text(svg, x + 10.0, 62.0, r##"fill="#222222""##, name);
        x += 34.0 + 7.0 * name.len() as f64;
    }
}

fn panel_axis(svg: &mut String, left: f64, bottom: f64, n: usize) {
    let middle = left + PANEL_WIDTH / 2.0;
    let title = format!("{} numbers", length(n));
    text(svg, middle, TOP - 10.0, r##"text-anchor="middle" font-weight="bold" fill="#222222""##, &title);
    for tick in TICKS {
        let x = left + across(tick);
        let _ = writeln!(svg, r##"<path d="M{x:.1} {TOP}V{bottom}" stroke="#e2e2e2"/>"##);
        let attributes = r##"text-anchor="middle" font-size="11" fill="#666666""##;
        text(svg, x, bottom + 16.0, attributes, &tick.to_string());
    }
}

fn marks(svg: &mut String, left: f64, y: f64, speed: &Speed) {
    for (variant, _, color) in MARKS {
        if let Some(gb_s) = speed.gb_s(variant) {
            mark(svg, left + across(gb_s), y, variant, color);
        }
    }
}

/// A dot, or for the limit a stroke.
fn mark(svg: &mut String, x: f64, y: f64, variant: Variant, color: &str) {
    let _ = match variant {
        Variant::Limit => writeln!(svg, r#"<path d="M{x:.1} {:.1}v10" stroke="{color}" stroke-width="2"/>"#, y - 5.0),
        Variant::Simd => writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="4.5" fill="{color}"/>"#),
        _ => writeln!(svg, r#"<circle cx="{x:.1}" cy="{y:.1}" r="3.5" fill="{color}" fill-opacity="0.75"/>"#),
    };
}

fn text(svg: &mut String, x: f64, y: f64, attributes: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, r#"<text x="{x:.1}" y="{y:.1}" {attributes}>{text}</text>"#);
}

#[cfg(test)]
mod tests {
    use super::*;

    const NORM: &str = r#"{"kernel":"l1_norm_f64","n":1024,"samples":{"simd":[1],"scalar":[2],"js":[3],"limit":[1]}}"#;
    const SEARCH: &str =
        r#"{"kernel":"search_f32","n":3840000,"samples":{"simd":[1],"scalar":[2],"js":[3],"limit":[1],"sum":[1]}}"#;

    fn drawn(cpu: &str, speeds: &[&str]) -> String {
        let place = format!(r#"{{"node":"20","v8":"11","cpu":"{cpu}"}}"#);
        let speeds: Vec<Speed> = speeds.iter().map(|line| Speed::read(line).unwrap()).collect();
        chart(&serde_json::from_str(&place).unwrap(), &speeds)
    }

    #[test]
    fn each_variant_that_was_measured_has_a_mark_beside_that_of_the_legend() {
        let svg = drawn("a CPU", &[NORM]);
        for (variant, _, color) in MARKS {
            let expected = if variant == Variant::Baseline { 1 } else { 2 };
            assert_eq!(svg.matches(color).count(), expected, "{variant:?}");
        }
        assert!(svg.contains(">l1_norm_f64<") && svg.contains(">1 Ki numbers<"), "{svg}");
    }

    #[test]
    fn a_length_of_its_own_is_no_panel_but_a_label() {
        let svg = drawn("a CPU", &[NORM, SEARCH]);
        assert!(svg.contains(">search_f32, 3840000<") && !svg.contains("3840000 numbers"), "{svg}");
        assert_eq!(svg.matches(MARKS[0].2).count(), 3);
        assert!(drawn("a CPU", &[SEARCH]).contains(">3840000 numbers<"));
    }

    #[test]
    fn names_are_text() {
        assert!(drawn("A<B & C", &[NORM]).contains("A&lt;B &amp; C, Node.js 20"));
    }

    #[test]
    fn marks_stay_in_their_panel() {
        assert_eq!([0.01, LEAST, GREATEST, 1e4].map(across), [0.0, 0.0, PANEL_WIDTH, PANEL_WIDTH]);
    }
}
