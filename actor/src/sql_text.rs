//! As much of SQL's grammar as is needed to tell what a text does before it is run.

/// Words by which a statement begins that reads. `WITH` may write, too.
const READS: [&str; 5] = ["select", "with", "values", "explain", "pragma"];

/// Whether the text begins as a statement does that reads.
pub(crate) fn begins_as_read(text: &str) -> bool {
    let start = skip_blank(text.as_bytes());
    let word: Vec<u8> = start.iter().copied().take_while(u8::is_ascii_alphabetic).collect();
    READS.iter().any(|read| word.eq_ignore_ascii_case(read.as_bytes()))
}

/// Whether there is no more than one statement.
pub(crate) fn is_single(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some(&first) = rest.first() {
        if first == b';' {
            return skip_blank(&rest[1..]).is_empty();
        }
        rest = &rest[token_len(rest)..];
    }
    true
}

/// The text without white space and comments at its start.
fn skip_blank(mut text: &[u8]) -> &[u8] {
    loop {
        let trimmed = text.trim_ascii_start();
        text = &trimmed[comment_len(trimmed)..];
        if text.len() == trimmed.len() {
            return text;
        }
    }
}

/// The length of what cannot hold the end of a statement: a comment, what is quoted, or one byte of anything else.
///
/// [SQLite, "SQL Language Expressions"](https://www.sqlite.org/lang_expr.html), "Literal Values", and
/// ["SQLite Keywords"](https://www.sqlite.org/lang_keywords.html). A quote that is doubled within quotes begins quotes anew
/// here, which ends at the same place.
fn token_len(text: &[u8]) -> usize {
    let end = match text[0] {
        quote @ (b'\'' | b'"' | b'`') => quote,
        b'[' => b']',
        _ => return comment_len(text).max(1),
    };
    text[1..].iter().position(|byte| *byte == end).map_or(text.len(), |at| at + 2)
}

/// The length of the comment that the text begins with.
fn comment_len(text: &[u8]) -> usize {
    let end: &[u8] = match text {
        [b'-', b'-', ..] => b"\n",
        [b'/', b'*', ..] => b"*/",
        _ => return 0,
    };
    text[2..].windows(end.len()).position(|window| window == end).map_or(text.len(), |at| 2 + at + end.len())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_read_is_told_by_its_first_word() {
        for text in [
            "SELECT 1",
            "  select*FROM t",
            "-- why\n/* how */ With x AS (VALUES (1)) SELECT 1",
            "VALUES (1)",
            "pragma x",
        ] {
            assert!(begins_as_read(text), "{text}");
        }
        for text in
            ["", "DROP TABLE t", "/* SELECT 1", "-- SELECT 1", "selection", "; SELECT 1", "\u{feff}DROP TABLE t"]
        {
            assert!(!begins_as_read(text), "{text}");
        }
    }

    #[test]
    fn several_statements_are_told_from_one() {
        for text in [
            "",
            "SELECT 1",
            "SELECT 1; -- done",
            "SELECT 1;\n/* done */ ",
            "SELECT ';', \";\", `;`, [;], 'it''s; fine' -- ; SELECT 2",
            "SELECT 1 - 1 / 1 /* ; SELECT 2 */",
            "SELECT 'open; SELECT 2",
            "SELECT 1 /*/ ; SELECT 2 */",
        ] {
            assert!(is_single(text), "{text}");
        }
        for text in [
            "SELECT 1; SELECT 2",
            "SELECT 1;;",
            "; SELECT 1",
            "SELECT ''; SELECT 2",
            "SELECT 'it''s'; SELECT 2",
            "SELECT 1 -- one\n; SELECT 2",
            "SELECT 1 /**/; SELECT 2",
            "SELECT \"'\"; SELECT '2'",
        ] {
            assert!(!is_single(text), "{text}");
        }
    }
}
