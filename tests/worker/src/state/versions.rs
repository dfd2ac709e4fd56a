//! The same actor in three versions of its code. A test gives one what another has stored, as a deploy does.

use duractor::prelude::*;

#[derive(Default, Actor)]
pub(crate) struct Old {
    count: u32,
    words: Arena<String>,
}

#[methods]
impl Old {
    #[post("/put/{word}")]
    fn put(&mut self, word: String) -> String {
        self.count += 1;
        self.words.insert(word).to_string()
    }

    #[get("/")]
    fn all(&self) -> String {
        format!("{} {}", self.count, self.words.values().map(String::as_str).collect::<Vec<_>>().join(" "))
    }
}

/// A word has become a pair, and the count a text.
#[derive(Default, Actor)]
#[actor(version = 2, from = Old)]
pub(crate) struct New {
    count: String,
    words: Arena<(String, u32)>,
}

impl From<Old> for New {
    fn from(old: Old) -> Self {
        let words = old.words.map(|word| (word, 7));
        Self { count: format!("{} of old", old.count), words }
    }
}

#[methods]
impl New {
    #[post("/put/{word}")]
    fn put(&mut self, word: String) -> String {
        self.words.insert((word, 8)).to_string()
    }

    #[get("/")]
    fn all(&self) -> String {
        let words: Vec<_> = self.words.iter().map(|(key, (word, number))| format!("{key} {word} {number}")).collect();
        format!("{}: {}", self.count, words.join(", "))
    }
}

/// The layout has changed, and nothing was declared.
#[derive(Default, Actor)]
pub(crate) struct Other {
    count: String,
    words: Arena<String>,
}

#[methods]
impl Other {
    #[post("/put/{word}")]
    fn put(&mut self, word: String) -> String {
        self.count.push('1');
        self.words.insert(word).to_string()
    }

    #[get("/")]
    fn all(&self) -> &str {
        &self.count
    }
}
