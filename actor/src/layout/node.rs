//! What was seen of a type, and its text.

use std::fmt::Write as _;

/// The longest text; what would come after it is not part of the hash.
const TEXT_MAX_BYTES: usize = 64 << 10;

/// A part of a type, as far as it is known.
#[derive(Debug, Default, PartialEq)]
pub(super) enum Node {
    /// Not seen yet.
    #[default]
    Unknown,
    /// Nothing on the wire.
    Unit,
    /// One value.
    Leaf(&'static str),
    Option(Box<Node>),
    Seq(Box<Node>),
    Map(Box<[Node; 2]>),
    Tuple(Vec<Node>),
    Struct(&'static [&'static str], Vec<Node>),
    /// A struct or enum, by its place in the list of types.
    Type(usize),
    /// What a hand-written `Deserialize` reads in one case or another.
    Either(Vec<Node>),
}

impl Node {
    /// What several nodes at one place amount to.
    pub(super) fn merged(nodes: impl IntoIterator<Item = Node>) -> Self {
        let mut whole = Node::Unknown;
        nodes.into_iter().for_each(|node| whole.merge(node));
        whole
    }

    /// Adds what another run saw at the same place.
    pub(super) fn merge(&mut self, other: Node) {
        match (&mut *self, other) {
            (_, Node::Unknown) => {}
            (Node::Unknown, other) => *self = other,
            (Node::Option(a), Node::Option(b)) | (Node::Seq(a), Node::Seq(b)) => a.merge(*b),
            (Node::Map(a), Node::Map(b)) => a.iter_mut().zip(*b).for_each(|(a, b)| a.merge(b)),
            (Node::Tuple(a), Node::Tuple(b)) => merge_all(a, b),
            (Node::Struct(names, a), Node::Struct(others, b)) if *names == others => merge_all(a, b),
            (Node::Either(a), b) => {
                if !a.contains(&b) {
                    a.push(b);
                }
            }
            (a, b) if *a == b => {}
            (a, b) => *self = Node::Either(vec![std::mem::take(a), b]),
        }
    }
}

fn merge_all(a: &mut Vec<Node>, b: Vec<Node>) {
    a.resize_with(a.len().max(b.len()), Node::default);
    a.iter_mut().zip(b).for_each(|(a, b)| a.merge(b));
}

/// A struct or an enum.
#[derive(Debug)]
pub(super) struct Type {
    /// The Rust type, its serde name and the names of its fields or variants tell it from others.
    pub(super) identity: (&'static str, &'static str, &'static [&'static str]),
    pub(super) is_enum: bool,
    /// One for a struct, one for each variant of an enum.
    pub(super) contents: Vec<Content>,
    /// How often it is being read, one inside the other.
    pub(super) active: usize,
    /// The variant that was read in the fewest steps, and these: what it holds has such a way to end, too.
    pub(super) ends: Option<(usize, usize)>,
    /// The run that read it last to see what is in it.
    pub(super) seen_in: usize,
}

/// What a struct or a variant holds.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) node: Node,
    /// Nothing in it is left to be seen.
    pub(super) is_complete: bool,
    /// No value of it could be made.
    pub(super) has_failed: bool,
}

/// Writes nodes as text.
///
/// Types are written where they stand, and a type inside itself as `^n`: what opened with the `n`th bracket outward.
pub(super) struct Writer<'t> {
    types: &'t [Type],
    /// Types that are being written, and how many brackets were open before each.
    within: Vec<(usize, usize)>,
    brackets: usize,
    pub(super) text: String,
    pub(super) is_partial: bool,
}

impl<'t> Writer<'t> {
    pub(super) fn new(types: &'t [Type]) -> Self {
        Self { types, within: Vec::new(), brackets: 0, text: String::new(), is_partial: false }
    }

    pub(super) fn write(&mut self, node: &Node) {
        if self.text.len() >= TEXT_MAX_BYTES {
            self.is_partial = true;
            return;
        }
        match node {
            Node::Unknown => {
                self.is_partial = true;
                self.text.push('_');
            }
            Node::Unit => self.text.push_str("()"),
            Node::Leaf(kind) => self.text.push_str(kind),
            Node::Option(inner) => self.list("option<", ',', [&**inner], '>'),
            Node::Seq(inner) => self.list("seq<", ',', [&**inner], '>'),
            Node::Map(inner) => self.list("map<", ',', &**inner, '>'),
            Node::Tuple(nodes) => self.list("(", ',', nodes, ')'),
            Node::Either(nodes) => self.list("either<", '/', nodes, '>'),
            Node::Struct(names, nodes) => self.named("{", ',', names.iter().zip(nodes), '}'),
            Node::Type(index) => self.write_type(*index),
        }
    }

    fn write_type(&mut self, index: usize) {
        if let Some((_, before)) = self.within.iter().find(|(within, _)| *within == index) {
            let _ = write!(self.text, "^{}", self.brackets - before);
            return;
        }
        self.within.push((index, self.brackets));
        let Type { identity: (_, _, names), is_enum, contents, .. } = &self.types[index];
        let nodes = contents.iter().map(|content| &content.node);
        match is_enum {
            true => self.named("enum<", '|', names.iter().zip(nodes), '>'),
            false => nodes.for_each(|node| self.write(node)),
        }
        self.within.pop();
    }

    fn list<'n>(&mut self, open: &str, between: char, nodes: impl IntoIterator<Item = &'n Node>, close: char) {
        self.bracket(open, close, |writer| {
            for (index, node) in nodes.into_iter().enumerate() {
                writer.separate(index, between);
                writer.write(node);
            }
        });
    }

    fn named<'n>(
        &mut self,
        open: &str,
        between: char,
        parts: impl Iterator<Item = (&'n &'static str, &'n Node)>,
        close: char,
    ) {
        self.bracket(open, close, |writer| {
            for (index, (name, node)) in parts.enumerate() {
                writer.separate(index, between);
                writer.name(name);
                // A variant that holds nothing is its name.
                if *node != Node::Unit || between == ',' {
                    writer.text.push(':');
                    writer.write(node);
                }
            }
        });
    }

    fn bracket(&mut self, open: &str, close: char, inside: impl FnOnce(&mut Self)) {
        self.text.push_str(open);
        self.brackets += 1;
        inside(self);
        self.brackets -= 1;
        self.text.push(close);
    }

    fn separate(&mut self, index: usize, between: char) {
        if index > 0 {
            self.text.push(between);
        }
    }

    /// A name with other characters is quoted, so that it cannot look like several fields.
    fn name(&mut self, name: &str) {
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
            self.text.push_str(name);
        } else {
            let _ = write!(self.text, "{name:?}");
        }
    }
}
