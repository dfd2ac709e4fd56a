//! Reads vectors in the form in which NIST publishes them: lines of `Name = value`, records with empty lines between them.

/// One record.
pub(super) struct Vector<'t>(Vec<(&'t str, &'t str)>);

impl<'t> Vector<'t> {
    /// All records of a file.
    pub(super) fn all(text: &'t str) -> Vec<Self> {
        let lines = text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>();
        let records = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
        records.map(Self::of).collect()
    }

    fn of(lines: &[&'t str]) -> Self {
        let split =
            |line: &&'t str| line.split_once('=').map_or((*line, ""), |(name, value)| (name.trim(), value.trim()));
        Self(lines.iter().map(split).collect())
    }

    fn find(&self, name: &str) -> Option<&'t str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// A value that is bytes.
    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        bytes(self.find(name).unwrap_or_else(|| panic!("a record has no `{name}`")))
    }

    /// A message, whose length stands beside it, in bits: NIST writes one of no bytes as `00`.
    pub(super) fn message(&self) -> Vec<u8> {
        let bits: usize = self.find("Len").and_then(|text| text.parse().ok()).expect("a message has a length");
        let mut message = self.bytes("Msg");
        message.truncate(bits / 8);
        message
    }
}

/// Of hexadecimal digits.
pub(super) fn bytes(digits: &str) -> Vec<u8> {
    let pairs = (0..digits.len()).step_by(2).map(|at| &digits[at..at + 2]);
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("vectors are hexadecimal")).collect()
}
