//! Finds out all that a type may read, by as many runs as it takes.
//!
//! A run reads one made-up value of the whole type. Where there is a choice (a variant, whether an `Option` is `Some`, how long
//! a sequence is, which text a leaf gets), a run takes the first that is not done with. When something refuses its value, the
//! choice nearest to it moves on. Choices never move back, so the number of runs is at most that of all alternatives.
//!
//! A type inside itself is read in the shortest way: options are `None`, sequences empty, enums the variant that is known to
//! end soonest. Until one is known, the run fails, and another variant is tried first. That way is taken, too, where an enum comes
//! up again in one run, so that enums in each other do not multiply.

use postcard::Error;

use super::node::{Content, Node, Type};

/// The most runs for one type.
const RUNS_MAX: usize = 2_000;
/// The most parts that are looked at for one type, in all its runs.
const STEPS_MAX: usize = 1 << 18;
/// How deep a value may be nested; what lies deeper is not part of the hash.
const DEPTH_MAX: usize = 100;
/// The longest tuple whose missing parts are listed.
const TUPLE_MAX: usize = 1 << 12;
/// Elements of a sequence, in the order in which they are tried.
pub(super) const LENGTHS: [usize; 5] = [1, 0, 2, 3, 4];

/// A place inside a type, where a choice is made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Place {
    /// The type and which of its contents; 0 is the root.
    within: (usize, usize),
    /// A hash of the way from there.
    path: u32,
}

/// Why a run fails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Failure {
    /// It does not, or nobody has looked for the cause.
    #[default]
    None,
    /// A choice has moved on: the next run gets further.
    Retry,
    /// The choices inside are exhausted; one further out has to move on.
    Stuck,
}

/// What a part is read for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    Option,
    Seq,
    Map,
    Tuple(usize),
    Struct(&'static [&'static str]),
    /// A type of its own, or one of its variants.
    Type,
}

/// A part that is being read.
#[derive(Debug, Default)]
struct Frame {
    /// Where its own choice is made.
    place: Place,
    /// Where what it holds is.
    inner: Place,
    nodes: Vec<Node>,
    names: &'static [&'static str],
    /// Whether the choice was free, and not made by what is known to end.
    is_free: bool,
    /// Steps before it.
    begun: usize,
    /// `has_more` of what stands before.
    had_more: bool,
}

#[derive(Debug, Default)]
pub(super) struct Tracer {
    name: &'static str,
    root: Node,
    types: Vec<Type>,
    /// Leaves that do not get their first sample.
    samples: Vec<(Place, usize)>,
    /// Options and sequences that do not have their first length.
    lengths: Vec<(Place, usize)>,
    steps: usize,
    refusal: Option<String>,
    runs: usize,
    // Of the present run:
    frames: Vec<Frame>,
    last_leaf: Option<(Place, usize)>,
    failure: Failure,
    /// Whether an enum has variants that are left to be seen.
    has_more: bool,
    /// How many types are being read inside themselves.
    closing: usize,
}

impl Tracer {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    pub(super) fn types(&self) -> &[Type] {
        &self.types
    }

    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    #[cfg(test)]
    pub(super) fn runs(&self) -> usize {
        self.runs
    }

    pub(super) fn into_refusal(self) -> Option<String> {
        self.refusal
    }

    /// Runs until nothing is left to be seen.
    pub(super) fn explore(&mut self, run: fn(&mut Self) -> bool) {
        let mut known_ends = 0;
        for _ in 0..RUNS_MAX {
            self.run(run);
            if self.refusal.is_some() || self.steps > STEPS_MAX {
                return;
            }
            if self.failure == Failure::Retry || self.has_more {
                continue;
            }
            // What failed for want of a way to end may succeed now.
            let ends = self.types.iter().filter(|known| known.ends.is_some()).count();
            if ends == known_ends || !self.forget_failures() {
                return;
            }
            known_ends = ends;
        }
    }

    fn run(&mut self, run: fn(&mut Self) -> bool) {
        self.runs += 1;
        self.frames.clear();
        self.frames.push(Frame::default());
        (self.last_leaf, self.failure, self.has_more, self.closing) = (None, Failure::None, false, 0);
        self.types.iter_mut().for_each(|known| known.active = 0);
        if !run(self) {
            self.blame();
        }
        let seen = self.frames.swap_remove(0).nodes;
        self.root.merge(Node::merged(seen));
    }

    /// Whether anything had failed.
    fn forget_failures(&mut self) -> bool {
        let contents = || self.types.iter().flat_map(|known| &known.contents);
        if self.lengths.is_empty() && !contents().any(|content| content.has_failed) {
            return false;
        }
        for content in self.types.iter_mut().flat_map(|known| &mut known.contents) {
            (content.is_complete, content.has_failed) = (false, false);
        }
        self.lengths.clear();
        true
    }

    fn top(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the root's frame is there while a run lasts")
    }

    /// The place of what is read next.
    fn place(&mut self) -> Place {
        let Frame { inner, nodes, .. } = self.top();
        let path = inner.path.wrapping_mul(0x0100_0193).wrapping_add(nodes.len() as u32 + 1);
        Place { within: inner.within, path }
    }

    /// Adds a part without choices.
    pub(super) fn push(&mut self, node: Node) {
        self.top().nodes.push(node);
    }

    fn step(&mut self) -> Result<(), Error> {
        self.steps += 1;
        if self.steps > STEPS_MAX || self.frames.len() > DEPTH_MAX {
            return Err(self.stuck());
        }
        Ok(())
    }

    fn stuck(&mut self) -> Error {
        self.failure = Failure::Stuck;
        Error::SerdeDeCustom
    }

    /// Adds a leaf, and says which sample it gets.
    pub(super) fn leaf(&mut self, kind: &'static str, samples: usize) -> Result<usize, Error> {
        self.step()?;
        let place = self.place();
        self.push(Node::Leaf(kind));
        self.last_leaf = Some((place, samples));
        Ok(chosen(&self.samples, place) % samples)
    }

    /// Something refused what it got: gives the leaf that was read last another sample.
    pub(super) fn blame(&mut self) {
        if self.failure == Failure::None {
            let moved = self.last_leaf.is_some_and(|(place, count)| advance(&mut self.samples, place, count + 1));
            self.failure = if moved { Failure::Retry } else { Failure::Stuck };
        }
    }

    /// Begins an option, a sequence or a map, and says how many elements it has.
    pub(super) fn open_many(&mut self) -> Result<usize, Error> {
        self.open(&[])?;
        let is_free = self.closing == 0;
        let frame = self.top();
        frame.is_free = is_free;
        let place = frame.place;
        let shortest = LENGTHS.iter().position(|length| *length == 0).unwrap_or_default();
        let least = if is_free { 0 } else { shortest };
        Ok(LENGTHS[chosen(&self.lengths, place).max(least) % LENGTHS.len()])
    }

    /// Begins a tuple, or the fields of a variant.
    pub(super) fn open(&mut self, names: &'static [&'static str]) -> Result<(), Error> {
        self.step()?;
        let place = self.place();
        let had_more = std::mem::take(&mut self.has_more);
        self.frames.push(Frame { place, inner: place, names, had_more, ..Frame::default() });
        Ok(())
    }

    /// Ends what was begun last.
    pub(super) fn close(&mut self, shape: Shape, is_ok: bool) {
        if !is_ok {
            self.blame();
        }
        let frame = self.frames.pop().expect("what is closed was opened");
        let is_many = matches!(shape, Shape::Option | Shape::Seq | Shape::Map);
        if is_many && frame.is_free && self.failure == Failure::Stuck {
            let alternatives = if matches!(shape, Shape::Option) { 2 } else { LENGTHS.len() };
            // What is still to be seen inside is seen first.
            if self.has_more || advance(&mut self.lengths, frame.place, alternatives) {
                self.failure = Failure::Retry;
            }
        }
        self.has_more |= frame.had_more;
        let node = shape_of(shape, frame.nodes, is_ok);
        self.push(node);
    }

    /// Begins a struct; `fields` are none if it has no names for them.
    pub(super) fn enter_struct(
        &mut self,
        value: &'static str,
        name: &'static str,
        fields: &'static [&'static str],
    ) -> Result<(), Error> {
        self.step()?;
        let index = self.find((value, name, fields), false);
        self.enter(index, 0, false);
        Ok(())
    }

    /// Begins an enum, and says which variant it is.
    pub(super) fn enter_enum(
        &mut self,
        value: &'static str,
        name: &'static str,
        variants: &'static [&'static str],
    ) -> Result<usize, Error> {
        self.step()?;
        let index = self.find((value, name, variants), true);
        let Some((variant, is_free)) = self.pick(index) else {
            self.push(Node::Type(index));
            return Err(self.stuck());
        };
        self.enter(index, variant, is_free);
        Ok(variant)
    }

    /// Ends a struct or an enum; `shape` is what it holds.
    pub(super) fn leave(&mut self, shape: Shape, is_ok: bool) {
        if !is_ok {
            self.blame();
        }
        let mut frame = self.frames.pop().expect("what is left was entered");
        let (index, content) = (frame.inner.within.0 - 1, frame.inner.within.1);
        let known = &mut self.types[index];
        known.active -= 1;
        self.closing -= usize::from(known.active > 0);
        known.contents[content].node.merge(shape_of(shape, std::mem::take(&mut frame.nodes), is_ok));
        if known.is_enum {
            self.judge(index, content, &frame, is_ok);
        }
        self.has_more |= frame.had_more;
        self.push(Node::Type(index));
    }

    /// What the run tells about a variant.
    fn judge(&mut self, index: usize, variant: usize, frame: &Frame, is_ok: bool) {
        let (has_more, is_free, steps) = (self.has_more, frame.is_free, self.steps - frame.begun);
        let known = &mut self.types[index];
        if is_ok {
            known.ends = known.ends.into_iter().chain([(steps, variant)]).min();
            known.contents[variant].is_complete |= is_free && !has_more;
        } else if self.failure == Failure::Stuck {
            known.contents[variant].has_failed |= !has_more;
            if has_more || self.pick(index).is_some_and(|(next, _)| next != variant) {
                self.failure = Failure::Retry;
            }
        }
        let mut contents = self.types[index].contents.iter();
        self.has_more |= is_free && contents.any(|content| !content.is_complete && !content.has_failed);
    }

    /// The variant to read, and whether it is read to be seen.
    fn pick(&self, index: usize) -> Option<(usize, bool)> {
        let Type { contents, active, ends, seen_in, .. } = &self.types[index];
        let position = |wanted: fn(&Content) -> bool| contents.iter().position(wanted);
        let is_free = self.closing == 0 && *seen_in < self.runs;
        let unseen = if is_free { position(|content| !content.is_complete && !content.has_failed) } else { None };
        let any = if *active == 0 { position(|content| !content.has_failed) } else { None };
        unseen
            .map(|variant| (variant, true))
            .or(ends.map(|(_, variant)| variant).or(any).map(|variant| (variant, false)))
    }

    fn enter(&mut self, index: usize, content: usize, is_free: bool) {
        let place = self.place();
        let known = &mut self.types[index];
        self.closing += usize::from(known.active > 0);
        known.active += 1;
        if is_free {
            known.seen_in = self.runs;
        }
        let names = if known.is_enum { &[] } else { known.identity.2 };
        let inner = Place { within: (index + 1, content), path: 0 };
        let had_more = std::mem::take(&mut self.has_more);
        let begun = self.steps;
        self.frames.push(Frame { place, inner, names, is_free, begun, had_more, nodes: Vec::new() });
    }

    fn find(&mut self, identity: (&'static str, &'static str, &'static [&'static str]), is_enum: bool) -> usize {
        if let Some(index) = self.types.iter().position(|known| known.identity == identity) {
            return index;
        }
        let content = || Content { node: Node::Unknown, is_complete: false, has_failed: false };
        let count = if is_enum { identity.2.len() } else { 1 };
        let contents = std::iter::repeat_with(content).take(count).collect();
        self.types.push(Type { identity, is_enum, contents, active: 0, ends: None, seen_in: 0 });
        self.types.len() - 1
    }

    /// The type asks the bytes what they are.
    pub(super) fn refuse(&mut self) -> Error {
        let fields = self.frames.iter().filter_map(|frame| frame.names.get(frame.nodes.len()));
        let path: String = fields.flat_map(|field| [".", field]).collect();
        let name = self.name;
        self.refusal.get_or_insert(format!(
            "`{name}{path}` cannot be stored: it asks the bytes what they are (serde's `untagged`, `tag` or `flatten`, or a \
             type like `serde_json::Value`), and stored bytes do not say; use serde's default form, say by \
             `#[serde(with = …)]` what it is written as, or keep it as a string of JSON"
        ));
        self.stuck()
    }
}

fn chosen(choices: &[(Place, usize)], place: Place) -> usize {
    choices.iter().find(|(known, _)| *known == place).map_or(0, |(_, choice)| *choice)
}

/// Moves a choice on; whether there is a next one.
fn advance(choices: &mut Vec<(Place, usize)>, place: Place, count: usize) -> bool {
    let index = choices.iter().position(|(known, _)| *known == place).unwrap_or_else(|| {
        choices.push((place, 0));
        choices.len() - 1
    });
    let choice = &mut choices[index].1;
    let has_next = *choice + 1 < count;
    *choice += usize::from(has_next);
    has_next
}

fn shape_of(shape: Shape, mut nodes: Vec<Node>, is_ok: bool) -> Node {
    let mut padded = |len: usize| {
        if !is_ok {
            nodes.resize_with(len.min(TUPLE_MAX).max(nodes.len()), Node::default);
        }
        std::mem::take(&mut nodes)
    };
    match shape {
        Shape::Tuple(len) => Node::Tuple(padded(len)),
        Shape::Struct(names) => Node::Struct(names, padded(names.len())),
        Shape::Option => Node::Option(Box::new(Node::merged(nodes))),
        Shape::Seq => Node::Seq(Box::new(Node::merged(nodes))),
        Shape::Map => {
            let (mut key, mut value) = (Node::Unknown, Node::Unknown);
            for (index, node) in nodes.into_iter().enumerate() {
                if index % 2 == 0 { key.merge(node) } else { value.merge(node) }
            }
            Node::Map(Box::new([key, value]))
        }
        Shape::Type if nodes.is_empty() && is_ok => Node::Unit,
        Shape::Type => Node::merged(nodes),
    }
}
