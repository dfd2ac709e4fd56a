//! Names: their case, and how near two of them are.

/// `OverLimit` as `over-limit`, `HTTPFailed` as `http-failed`.
pub(crate) fn kebab(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut kebab = String::with_capacity(name.len() + 4);
    for (at, letter) in letters.iter().enumerate() {
        if *letter == '_' {
            kebab.push('-');
            continue;
        }
        if at > 0 && starts_word(letters[at - 1], *letter, letters.get(at + 1)) {
            kebab.push('-');
        }
        kebab.extend(letter.to_lowercase());
    }
    kebab
}

fn starts_word(before: char, letter: char, after: Option<&char>) -> bool {
    let ends_acronym = before.is_uppercase() && after.is_some_and(|after| after.is_lowercase());
    letter.is_uppercase() && before != '_' && (!before.is_uppercase() || ends_acronym)
}

/// The candidate that `name` was probably meant to be, if one is near enough.
pub(crate) fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance, blind to case.
fn distance(a: &str, b: &str) -> usize {
    let [a, b] = [a, b].map(|name| name.to_lowercase().chars().collect::<Vec<_>>());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_splits_where_a_word_starts() {
        let cases = [
            ("Overdrawn", "overdrawn"),
            ("NotFound", "not-found"),
            ("HTTPFailed", "http-failed"),
            ("Over2Limits", "over2-limits"),
            ("A", "a"),
            ("snake_case", "snake-case"),
            ("Mixed_Case", "mixed-case"),
        ];
        for (name, expected) in cases {
            assert_eq!(kebab(name), expected);
        }
    }

    #[test]
    fn nearest_accepts_a_typo_and_refuses_another_word() {
        assert_eq!(nearest("acccount", ["amount", "account"]), Some("account"));
        assert_eq!(nearest("userId", ["userid"]), Some("userid"));
        assert_eq!(nearest("by", ["account"]), None);
        assert_eq!(nearest("id", []), None);
    }

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("same", "SAME"), 0);
    }
}
