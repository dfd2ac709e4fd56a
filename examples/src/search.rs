//! A vector index: embeddings in one matrix, and the nearest to another one by cosine, each compared.

use std::collections::BTreeSet;

use duractor::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    embedding::{DIMENSIONS, embed, hash, random},
    page::{escape, page},
    vectors::{DIMENSIONS_MAX, Near, Vectors, unit},
};

/// Most vectors of one request.
const VECTORS_PER_REQUEST_MAX: usize = 1_000;

/// Longest id of a vector, in bytes.
const ID_MAX_BYTES: usize = 128;

/// Longest payload, in bytes: it is in memory, as its vector is.
const PAYLOAD_MAX_BYTES: usize = 1_024;

/// Most vectors that a query asks for, and how many it gets that does not say it.
const K_MAX: usize = 100;
const K_USUAL: usize = 10;

/// How many vectors the page makes up in one turn. A browser follows twenty redirects, so a full index takes less steps.
const FILL_STEP: usize = 1_000;

const SAMPLES: [&str; 16] = [
    "A cat drinks milk in the kitchen",
    "Two kittens sleep on a warm windowsill",
    "The dog chased a ball across the park",
    "Heavy rain is expected along the coast tonight",
    "It will be sunny tomorrow, with a light wind",
    "Snow closed the mountain road this morning",
    "Bake the bread at 220 degrees for forty minutes",
    "Whisk the eggs with sugar, then fold in the flour",
    "The train to the airport leaves every ten minutes",
    "Our flight was delayed by two hours",
    "She plays the violin in a small orchestra",
    "The concert was sold out within an hour",
    "A borrowed reference may not outlive its owner",
    "The compiler says that the value was moved",
    "Share prices fell after the bank raised rates",
    "The team scored twice in the last five minutes",
];

/// What the page proposes to look for.
const QUERIES: [&str; 3] = ["kittens drinking milk", "rainy coasts", "trains and flights"];

/// Vectors with ids, all of the same number of dimensions.
#[derive(Default, Actor)]
pub struct Search {
    vectors: Vectors,
}

/// A vector to be put into the index.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    id: String,
    /// Of any length but zero: what is kept is its direction.
    vector: Vec<f32>,
    /// What comes back with it.
    payload: Option<String>,
}

/// What is looked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    vector: Vec<f32>,
    /// How many.
    k: Option<usize>,
}

/// What came of putting vectors.
#[derive(Debug, PartialEq, Serialize)]
pub struct Put {
    added: usize,
    replaced: usize,
    /// How many there are now.
    vectors: usize,
}

/// How much there is.
#[derive(Serialize)]
pub struct Size {
    vectors: usize,
    /// How many there can be.
    vectors_max: usize,
    dimensions: Option<usize>,
}

/// What the page was asked for.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    q: String,
    refused: String,
}

/// What the page's buttons do.
#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "lowercase")]
pub enum Act {
    /// Puts a text.
    Add {
        /// The text.
        text: String,
    },
    /// Puts the sample sentences.
    Samples,
    /// Puts vectors of chance until the index is full.
    Fill,
    /// Removes all vectors.
    Clear,
}

/// Why an index does not answer, and stays as it was.
#[derive(Debug, PartialEq, Problem)]
pub enum Refused {
    /// The id is of no vector.
    #[problem(404, "there is no vector `{0}`")]
    NoVector(String),
    /// More vectors at once than a turn takes.
    #[problem(413, "{vectors} vectors at once are more than {max}")]
    TooMany {
        /// How many were sent.
        vectors: usize,
        /// How many may be.
        max: usize,
    },
    /// The vector cannot be compared with those that are there.
    #[problem(422, "a vector of {given} dimensions is none of this index, whose vectors have {index}")]
    OtherDimensions {
        /// How many it has.
        given: usize,
        /// How many the others have.
        index: usize,
    },
    /// The vector is too long, or has no components.
    #[problem(422, "a vector has 1 to {max} dimensions, not {given}")]
    BadDimensions {
        /// How many it has.
        given: usize,
        /// How many it may have.
        max: usize,
    },
    /// There is no angle between it and others.
    #[problem(422, "a vector that is zero, or not finite, has no direction")]
    NoDirection,
    /// The id is empty or too long.
    #[problem(422, "an id has 1 to {max} bytes, not {bytes}")]
    BadId {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// The payload is too long.
    #[problem(422, "a payload has at most {max} bytes, not {bytes}")]
    BadPayload {
        /// How many bytes it has.
        bytes: usize,
        /// How many it may have.
        max: usize,
    },
    /// So many cannot be looked for.
    #[problem(422, "a query is for the 1 to {max} nearest vectors, not {k}")]
    BadCount {
        /// How many were wanted.
        k: usize,
        /// How many may be.
        max: usize,
    },
    /// There is no letter in the text.
    #[problem(422, "a text without letters and digits has no direction")]
    NoLetters,
    /// The index cannot be larger.
    #[problem(507, "an index of {dimensions} dimensions has at most {max} vectors, not {vectors}")]
    Full {
        /// How many there would be.
        vectors: usize,
        /// How many there can be.
        max: usize,
        /// Of how many dimensions.
        dimensions: usize,
    },
}

#[methods]
impl Search {
    /// `PUT /search/{index}/vectors`, or `POST`: puts all of them, or none, each in place of what its id had.
    #[put("/vectors")]
    #[post("/vectors")]
    pub fn put(&mut self, Json(items): Json<Vec<Item>>) -> Result<Json<Put>> {
        self.put_all(&items).map(Json)
    }

    /// `GET /search/{index}/vectors/{id}`: the vector as it is kept, of unit length.
    #[get("/vectors/{id}")]
    pub fn vector(&self, id: &str) -> Result<impl IntoResponse, Refused> {
        self.vectors.get(id).map(Json).ok_or_else(|| Refused::NoVector(id.into()))
    }

    /// `DELETE /search/{index}/vectors/{id}`
    #[delete("/vectors/{id}")]
    pub fn remove(&mut self, id: &str) -> Result<(), Refused> {
        if self.vectors.remove(id) { Ok(()) } else { Err(Refused::NoVector(id.into())) }
    }

    /// `POST /search/{index}/query`: the `k` nearest by cosine, the nearest first.
    #[post("/query")]
    pub fn query(&self, Json(Wanted { vector, k }): Json<Wanted>) -> Result<impl IntoResponse, Refused> {
        let k = k.unwrap_or(K_USUAL);
        if !(1..=K_MAX).contains(&k) {
            return Err(Refused::BadCount { k, max: K_MAX });
        }
        let unit = checked(&vector, self.vectors.dimensions())?;
        Ok(Json(self.vectors.nearest(&unit, k)))
    }

    /// `GET /search/{index}/size`
    #[get("/size")]
    pub fn size(&self) -> Json<Size> {
        let dimensions = self.vectors.dimensions();
        let vectors_max = Vectors::max(dimensions.unwrap_or_default());
        Json(Size { vectors: self.vectors.len(), vectors_max, dimensions })
    }

    /// `DELETE /search/{index}`: removes all vectors. The next one may have other dimensions.
    #[delete]
    pub fn clear(&mut self) {
        self.vectors.clear();
    }

    /// `GET /search/{index}`: a page with all that, for texts.
    #[get]
    pub fn page(&self, Query(shown): Query<Shown>, req: &Request) -> Html<String> {
        self.draw(req.param("index").unwrap_or_default(), req.path(), &shown)
    }

    /// `POST /search/{index}`: what the page's buttons do. What is refused leads back to the page, too; as an `Err` it leaves
    /// no trace.
    #[post]
    pub fn submit(&mut self, Form(act): Form<Act>, req: &Request, cx: &Cx) -> Result<Redirect, Redirect> {
        match self.act(&act, cx) {
            Ok(true) => Ok(Redirect::to(req.path())),
            Ok(false) => Ok(Redirect::temporary(req.path())),
            Err(error) => {
                let why = utf8_percent_encode(error.problem().detail(), NON_ALPHANUMERIC);
                Err(Redirect::to(format!("{}?refused={why}", req.path())))
            }
        }
    }
}

impl Search {
    /// Looks at all of them before it puts any.
    fn put_all(&mut self, items: &[Item]) -> Result<Put> {
        if items.len() > VECTORS_PER_REQUEST_MAX {
            Err(Refused::TooMany { vectors: items.len(), max: VECTORS_PER_REQUEST_MAX })?;
        }
        let dimensions = self.vectors.dimensions().or_else(|| Some(items.first()?.vector.len()));
        let unit = |item: &Item| item.unit(dimensions).map_err(|why| Problem::from(why).with("id", &item.id));
        let units: Vec<_> = items.iter().map(unit).collect::<Result<_, _>>()?;
        let vectors = self.vectors.len();
        let new = items.iter().map(|item| &item.id).filter(|id| !self.vectors.contains(id));
        self.check_room(new.collect::<BTreeSet<_>>().len(), dimensions.unwrap_or_default())?;
        for (item, unit) in items.iter().zip(&units) {
            self.vectors.put(&item.id, unit, item.payload.as_deref());
        }
        let added = self.vectors.len() - vectors;
        Ok(Put { added, replaced: items.len() - added, vectors: self.vectors.len() })
    }

    fn check_room(&self, added: usize, dimensions: usize) -> Result<(), Refused> {
        let (vectors, max) = (self.vectors.len() + added, Vectors::max(dimensions));
        if added > 0 && vectors > max { Err(Refused::Full { vectors, max, dimensions }) } else { Ok(()) }
    }

    /// Does what a button does, or a part of it; whether all of it is done.
    fn act(&mut self, act: &Act, cx: &Cx) -> Result<bool> {
        match act {
            Act::Add { text } => self.add(&[text])?,
            Act::Samples => self.add(&SAMPLES)?,
            Act::Fill => return self.fill(u64::from_le_bytes(cx.random())),
            Act::Clear => self.clear(),
        }
        Ok(true)
    }

    fn add(&mut self, texts: &[&str]) -> Result<()> {
        let item = |text: &&str| {
            let (text, dimensions) = (text.trim(), self.page_dimensions());
            // The same text is the same vector.
            let id = format!("text-{:016x}", hash(text.chars()));
            Item { id, vector: embed(text, dimensions), payload: Some(text.to_owned()) }
        };
        let items: Vec<Item> = texts.iter().map(item).collect();
        if items.iter().any(|item| unit(&item.vector).is_none()) {
            Err(Refused::NoLetters)?;
        }
        self.put_all(&items).map(drop)
    }

    /// Puts some vectors of chance; whether there is no room for more. Each step is a request and a turn of its own, so that
    /// others come in between.
    fn fill(&mut self, seed: u64) -> Result<bool> {
        let dimensions = self.page_dimensions();
        let room = Vectors::max(dimensions) - self.vectors.len();
        let seeds = (0..FILL_STEP.min(room) as u64).map(|at| seed.wrapping_add(at << 32));
        let item = |seed| Item { id: format!("random-{seed:016x}"), vector: random(seed, dimensions), payload: None };
        let items: Vec<Item> = seeds.map(item).collect();
        self.put_all(&items)?;
        Ok(room <= FILL_STEP)
    }

    fn page_dimensions(&self) -> usize {
        self.vectors.dimensions().unwrap_or(DIMENSIONS)
    }
}

impl Item {
    fn unit(&self, dimensions: Option<usize>) -> Result<Vec<f32>, Refused> {
        let bytes = self.id.len();
        if !(1..=ID_MAX_BYTES).contains(&bytes) {
            return Err(Refused::BadId { bytes, max: ID_MAX_BYTES });
        }
        let bytes = self.payload.as_ref().map_or(0, String::len);
        if bytes > PAYLOAD_MAX_BYTES {
            return Err(Refused::BadPayload { bytes, max: PAYLOAD_MAX_BYTES });
        }
        checked(&self.vector, dimensions)
    }
}

/// The vector of unit length, if it can be compared with vectors of so many dimensions.
fn checked(vector: &[f32], dimensions: Option<usize>) -> Result<Vec<f32>, Refused> {
    let given = vector.len();
    match dimensions {
        _ if !(1..=DIMENSIONS_MAX).contains(&given) => Err(Refused::BadDimensions { given, max: DIMENSIONS_MAX }),
        Some(index) if index != given => Err(Refused::OtherDimensions { given, index }),
        _ => unit(vector).ok_or(Refused::NoDirection),
    }
}

impl Search {
    fn draw(&self, index: &str, path: &str, Shown { q, refused }: &Shown) -> Html<String> {
        let found = self.draw_found(q);
        let [index, path, q, refused] = [index, path.trim_end_matches('/'), q, refused].map(escape);
        let tries = QUERIES.map(|text| try_link(&path, text)).join(", ");
        let dimensions = self.page_dimensions();
        let [vectors, max] = [self.vectors.len(), Vectors::max(dimensions)].map(grouped);
        page(
            &format!("Search in {index}"),
            &format!(
                r#"<form role="search">
  <label>Text <input name="q" type="search" class="wide" value="{q}" maxlength="{PAYLOAD_MAX_BYTES}" required></label>
  <button>Find the nearest</button>
</form>
<p>For example: {tries}</p>
<p class="bad" role="status">{refused}</p>
{found}
<h2>Put something in</h2>
<p>There are {vectors} of at most {max} vectors. <a href="{path}/size">As JSON</a>.</p>
<form method="post">
  <label>Text <input name="text" class="wide" maxlength="{PAYLOAD_MAX_BYTES}" required></label>
  <button name="act" value="add">Add</button>
</form>
<form method="post">
  <button name="act" value="samples">Add {} sample sentences</button>
  <button name="act" value="fill">Fill up with random vectors</button>
  <button name="act" value="clear">Remove all</button>
</form>
<h2>What this finds</h2>
<p>Each text is a vector of {dimensions} numbers, and the nearest are those at the smallest angles. To be tried without a model,
the vector is made of a text's letters: every run of three to five of them counts at a place that its hash decides. So texts are
near that share parts of words; of their meaning it knows nothing. Vectors of a real model come and are asked for as JSON.</p>"#,
                SAMPLES.len(),
            ),
        )
    }

    /// What was found as a table, and how much was looked at.
    fn draw_found(&self, q: &str) -> String {
        if q.is_empty() {
            return String::new();
        }
        let dimensions = self.page_dimensions();
        let Some(unit) = unit(&embed(q, dimensions)) else {
            return format!(r#"<p class="bad" role="status">{}</p>"#, Problem::from(Refused::NoLetters).detail());
        };
        let vectors = self.vectors.len();
        if vectors == 0 {
            return r#"<p role="status">There is nothing to compare with yet.</p>"#.into();
        }
        let rows: String = self.vectors.nearest(&unit, K_USUAL).iter().map(row).collect();
        format!(
            r#"<div class="scroll"><table>
  <thead><tr><th colspan="2">Cosine<th>Text</tr></thead>
  <tbody>{rows}</tbody>
</table></div>
<p role="status">Compared with each of {} vectors of {dimensions} dimensions: {} products.</p>"#,
            grouped(vectors),
            grouped(vectors * dimensions)
        )
    }
}

/// A number in groups of three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

fn try_link(path: &str, text: &str) -> String {
    format!(r#"<a href="{path}?q={}">{text}</a>"#, utf8_percent_encode(text, NON_ALPHANUMERIC))
}

fn row(Near { id, score, payload }: &Near<'_>) -> String {
    let text = payload.map_or_else(|| format!("<code>{}</code>", escape(id)), |text| escape(text).into_owned());
    // Opposite directions have no bar.
    let bar = score.max(0.0);
    format!(r#"<tr><td>{score:.3}<td><meter value="{bar:.3}" aria-hidden="true"></meter><td>{text}</tr>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_in_groups_of_three() {
        let numbers = [0, 999, 1_000, 3_840_000, 12_345].map(grouped);
        assert_eq!(numbers, ["0", "999", "1,000", "3,840,000", "12,345"]);
    }
}
