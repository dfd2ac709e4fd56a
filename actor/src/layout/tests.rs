use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    num::{NonZeroI16, NonZeroU64},
    ops::{Bound, Range},
    path::PathBuf,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Deserializer, Serialize, de};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn text<T: DeserializeOwned>() -> String {
    let layout = Layout::of::<T>();
    assert_eq!(layout.refusal(), None);
    layout.to_string()
}

fn whole<T: DeserializeOwned>() -> String {
    assert!(!Layout::of::<T>().is_partial(), "{}", text::<T>());
    text::<T>()
}

fn refusal<T: DeserializeOwned>() -> String {
    Layout::of::<T>().refusal().expect("the type cannot be read back").to_owned()
}

/// What the macro declares, in a module of its own, so that types of one name stand for versions of one type.
macro_rules! version {
    ($name:ident { $($items:tt)* }) => {
        #[allow(dead_code)]
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $($items)*
        }
    };
}

version! { plain {
    #[derive(Deserialize)] pub(super) struct Item { text: String, done: bool }
    #[derive(Deserialize)] pub(super) struct Renamed { text: String, done: bool }
    #[derive(Deserialize)] pub(super) struct Pair(u32, String);
    #[derive(Deserialize)] pub(super) struct Id(u64);
    #[derive(Deserialize)] pub(super) struct Marker;
    #[derive(Deserialize)] pub(super) struct Empty {}
    #[derive(Deserialize)] pub(super) struct Wrapper<T> { inner: T }
    #[derive(Deserialize)] pub(super) enum Shape { Point, Circle(f64), Line(u8, u8), Box { width: u32, depth: Option<u32> } }
    #[derive(Deserialize)] pub(super) enum Never {}
} }

#[test]
fn primitives_are_named_by_kind() {
    type All = (bool, u8, i8, u16, i16, u32, i32, (u64, i64, u128, i128, f32, f64, char, String, usize, isize));
    assert_eq!(
        whole::<All>(),
        "(bool,u8,i8,u16,i16,u32,i32,(u64,i64,u128,i128,f32,f64,char,str,u64,i64))",
        "usize is u64 on every target"
    );
}

#[test]
fn structs_hold_the_names_of_their_fields_and_not_their_own() {
    assert_eq!(whole::<plain::Item>(), "{text:str,done:bool}");
    assert_eq!(Layout::of::<plain::Item>(), Layout::of::<plain::Renamed>());
    assert_eq!(whole::<plain::Pair>(), "(u32,str)");
    assert_eq!(whole::<plain::Marker>(), "()");
    assert_eq!(whole::<plain::Empty>(), "{}");
}

#[test]
fn newtypes_are_what_they_hold() {
    assert_eq!(whole::<plain::Id>(), "u64");
    assert_eq!(whole::<Vec<Option<plain::Id>>>(), "seq<option<u64>>");
}

#[test]
fn enums_hold_all_variants() {
    let expected = "enum<Point|Circle:f64|Line:(u8,u8)|Box:{width:u32,depth:option<u32>}>";
    assert_eq!(whole::<plain::Shape>(), expected);
    assert_eq!(whole::<(plain::Shape, u8, plain::Shape)>(), format!("({expected},u8,{expected})"));
    assert_eq!(whole::<HashMap<String, plain::Shape>>(), format!("map<str,{expected}>"));
    assert_eq!(text::<plain::Never>(), "enum<>");
}

#[test]
fn generics_of_one_name_are_told_apart() {
    use plain::Wrapper;
    assert_eq!(whole::<Wrapper<Wrapper<u8>>>(), "{inner:{inner:u8}}");
    assert_eq!(whole::<(Wrapper<u8>, Wrapper<String>)>(), "({inner:u8},{inner:str})");
}

version! { attributes {
    #[derive(Deserialize)] #[serde(rename_all = "camelCase")]
    pub(super) struct Renamed { first_name: String, #[serde(rename = "x:u8,y")] odd: u8 }
    #[derive(Deserialize)]
    pub(super) struct Skipped { a: u8, #[serde(skip)] b: String, #[serde(default)] c: u8 }
    #[derive(Deserialize)] #[serde(transparent)]
    pub(super) struct Transparent { inner: Vec<u8> }
    #[derive(Deserialize)]
    pub(super) struct With { #[serde(with = "seconds")] at: u32, #[serde(deserialize_with = "seconds::deserialize")] till: u32 }
    pub(super) mod seconds {
        use super::*;
        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
            String::deserialize(from)?.parse().map_err(de::Error::custom)
        }
    }
    #[derive(Deserialize)] #[serde(try_from = "String")]
    pub(super) struct Email(String);
    impl TryFrom<String> for Email {
        type Error = &'static str;
        fn try_from(text: String) -> Result<Self, &'static str> {
            if text.contains('@') { Ok(Self(text)) } else { Err("no @") }
        }
    }
    #[derive(Deserialize)] #[serde(from = "(u8, u8)")]
    pub(super) struct Sum(u8);
    impl From<(u8, u8)> for Sum { fn from((a, b): (u8, u8)) -> Self { Self(a + b) } }
    #[derive(Deserialize)] #[serde(remote = "Duration")]
    pub(super) struct Remote { #[serde(getter = "Duration::as_secs")] secs: u64 }
    impl From<Remote> for Duration { fn from(remote: Remote) -> Self { Duration::from_secs(remote.secs) } }
    #[derive(Deserialize)]
    pub(super) struct UsesRemote { #[serde(with = "Remote")] wait: Duration, wait_2: Duration }
    #[derive(Deserialize)] #[serde(rename_all = "snake_case")]
    pub(super) enum Kind { LongName, #[serde(rename = "2nd")] Second, #[serde(skip)] Hidden, #[serde(other)] Last }
} }

#[test]
fn attributes_count_as_they_act_on_the_wire() {
    use attributes::*;
    assert_eq!(whole::<Renamed>(), r#"{firstName:str,"x:u8,y":u8}"#);
    assert_eq!(whole::<Skipped>(), "{a:u8,c:u8}");
    assert_eq!(whole::<Transparent>(), "seq<u8>");
    assert_eq!(whole::<With>(), "{at:str,till:str}");
    assert_eq!(whole::<(Email, u8)>(), "(str,u8)");
    assert_eq!(whole::<Sum>(), "(u8,u8)");
    assert_eq!(whole::<UsesRemote>(), "{wait:{secs:u64},wait_2:{secs:u64,nanos:u32}}");
    assert_eq!(whole::<Kind>(), "enum<long_name|2nd|last>");
}

version! { self_describing {
    #[derive(Serialize, Deserialize)] #[serde(untagged)] pub(super) enum Untagged { A(u8), B(String) }
    #[derive(Serialize, Deserialize)] #[serde(tag = "t")] pub(super) enum Internal { A { a: u8 }, B { b: u8 } }
    #[derive(Serialize, Deserialize)] #[serde(tag = "t", content = "c")] pub(super) enum Adjacent { A(u8), B(String) }
    #[derive(Serialize, Deserialize)] pub(super) struct Rest { pub(super) r: u8 }
    #[derive(Serialize, Deserialize)] pub(super) struct Flat { pub(super) a: u8, #[serde(flatten)] pub(super) rest: Rest }
    #[derive(Deserialize)] pub(super) struct Holder { name: String, kinds: Vec<Entry> }
    #[derive(Deserialize)] pub(super) struct Entry { n: u8, kind: Option<Untagged> }
} }

#[test]
fn what_only_self_describing_formats_can_read_is_refused() {
    use self_describing::*;
    let all = [
        refusal::<Untagged>(),
        refusal::<Internal>(),
        refusal::<Adjacent>(),
        refusal::<Flat>(),
        refusal::<serde_json::Value>(),
        refusal::<HashMap<String, serde_json::Value>>(),
        refusal::<de::IgnoredAny>(),
    ];
    assert!(all.iter().all(|text| text.contains("cannot be stored")));
}

#[test]
fn a_refusal_names_the_type_and_the_field() {
    let text = refusal::<self_describing::Holder>();
    assert!(text.contains("Holder.kinds.kind` cannot be stored"), "{text}");
    let table = Layout::container("table", [Layout::of::<String>(), Layout::of::<self_describing::Holder>()]);
    assert_eq!(table.refusal(), Some(text.as_str()));
}

#[test]
fn postcard_cannot_read_what_is_refused() {
    use self_describing::*;
    fn reads<T: Serialize + DeserializeOwned>(value: &T) -> bool {
        postcard::to_allocvec(value).is_ok_and(|bytes| postcard::from_bytes::<T>(&bytes).is_ok())
    }
    assert!(!reads(&Untagged::A(1)) && !reads(&Untagged::B(String::new())));
    assert!(!reads(&Internal::A { a: 1 }) && !reads(&Internal::B { b: 1 }));
    assert!(!reads(&Adjacent::A(1)) && !reads(&Adjacent::B(String::new())));
    assert!(!reads(&Flat { a: 1, rest: Rest { r: 1 } }));
}

version! { recursive {
    #[derive(Deserialize)] pub(super) struct Tree { value: u32, children: Vec<Tree> }
    #[derive(Deserialize)] pub(super) struct List(u8, Option<Box<List>>);
    #[derive(Deserialize)] pub(super) struct Chain(Option<Box<Chain>>);
    #[derive(Deserialize)] pub(super) struct Named { name: String, next: Option<Box<Named>>, kind: Leaf }
    #[derive(Deserialize)] pub(super) enum Leaf { A, B(u16) }
    #[derive(Deserialize)] pub(super) enum Expr { Add(Box<Expr>, Box<Expr>), Neg(Box<Expr>), Call(String, Vec<Expr>), Num(i64, Leaf) }
    #[derive(Deserialize)] pub(super) enum Statement { If(Box<Test>, Block), Do(Test) }
    #[derive(Deserialize)] pub(super) struct Block { all: Vec<Statement>, last: Option<Box<Statement>> }
    #[derive(Deserialize)] pub(super) enum Test { Not(Box<Test>), Of(Box<Statement>), Const(bool) }
    #[derive(Deserialize)] pub(super) struct Late { rest: Option<Box<Late>>, kind: Inward }
    #[derive(Deserialize)] pub(super) enum Inward { Back(Box<Late>), End }
    #[derive(Deserialize)] pub(super) enum Json { Null, Bool(bool), Array(Vec<Json>), Object(BTreeMap<String, Json>) }
} }

#[test]
fn a_type_inside_itself_is_a_reference_outward() {
    use recursive::*;
    assert_eq!(whole::<Tree>(), "{value:u32,children:seq<^2>}");
    assert_eq!(whole::<List>(), "(u8,option<^2>)");
    assert_eq!(whole::<Chain>(), "option<^1>");
    assert_eq!(whole::<Named>(), "{name:str,next:option<^2>,kind:enum<A|B:u16>}");
    assert_eq!(whole::<Json>(), "enum<Null|Bool:bool|Array:seq<^2>|Object:map<str,^2>>");
}

#[test]
fn enums_inside_themselves_are_seen_whole() {
    use recursive::*;
    assert_eq!(
        whole::<Expr>(),
        "enum<Add:(^2,^2)|Neg:^1|Call:(str,seq<^3>)|Num:(i64,enum<A|B:u16>)>",
        "the variant that ends is the last"
    );
    assert_eq!(
        whole::<Statement>(),
        "enum<If:(enum<Not:^1|Of:^3|Const:bool>,{all:seq<^4>,last:option<^4>})|Do:enum<Not:^1|Of:^2|Const:bool>>"
    );
    assert_eq!(whole::<Late>(), "{rest:option<^2>,kind:enum<Back:^2|End>}");
}

#[test]
fn standard_types_are_what_they_write() {
    assert_eq!(whole::<HashMap<String, u8>>(), whole::<BTreeMap<String, u8>>());
    assert_eq!(whole::<VecDeque<u8>>(), whole::<BTreeSet<u8>>());
    assert_eq!(whole::<Duration>(), "{secs:u64,nanos:u32}");
    assert_eq!(whole::<SystemTime>(), "{secs_since_epoch:u64,nanos_since_epoch:u32}");
    assert_eq!(whole::<IpAddr>(), "enum<V4:(u8,u8,u8,u8)|V6:(u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8)>");
    assert!(whole::<SocketAddr>().starts_with("enum<V4:((u8,u8,u8,u8),u16)|V6:"));
    assert_eq!(whole::<(NonZeroU64, NonZeroI16)>(), "(u64,i16)");
    assert_eq!(whole::<Range<u32>>(), "{start:u32,end:u32}");
    assert_eq!(whole::<Bound<u8>>(), "enum<Unbounded|Included:u8|Excluded:u8>");
    assert_eq!(whole::<Result<u8, String>>(), "enum<Ok:u8|Err:str>");
    assert_eq!(whole::<PathBuf>(), "str");
    assert_eq!(whole::<[u16; 3]>(), "(u16,u16,u16)");
    assert_eq!(whole::<[u16; 0]>(), "()");
    assert_eq!(whole::<Cow<'static, str>>(), "str");
    assert_eq!(whole::<Box<[Box<str>]>>(), "seq<str>");
    type Sixteen = (u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, u8, String);
    assert_eq!(whole::<Sixteen>(), "(u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,str)");
}

/// A leaf whose visitor takes nothing but `$pattern`.
macro_rules! only {
    ($name:ident, $method:ident, $visit:ident($type:ty), $pattern:pat) => {
        #[derive(PartialEq, Eq, Hash)]
        struct $name;
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Visitor;
                impl de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str("something else")
                    }
                    fn $visit<E: de::Error>(self, value: $type) -> Result<$name, E> {
                        match value {
                            $pattern => Ok($name),
                            _ => Err(E::custom("not this one")),
                        }
                    }
                }
                from.$method(Visitor)
            }
        }
    };
}

only!(Uuid, deserialize_bytes, visit_bytes(&[u8]), [_, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]);
only!(Date, deserialize_str, visit_str(&str), "2000-01-01");
only!(Percent, deserialize_u8, visit_u8(u8), 50..);
only!(Secret, deserialize_str, visit_str(&str), "open sesame");

version! { refusing {
    #[derive(Deserialize)] pub(super) struct Dated { id: Uuid, on: Date, share: Percent, text: String }
    #[derive(Deserialize)] pub(super) struct Guarded { id: u32, key: Secret, count: u64 }
    #[derive(Deserialize)] pub(super) struct Around { keys: Vec<Guarded>, first: Option<Guarded>, kind: Kind, after: u8 }
    #[derive(Deserialize)] pub(super) enum Kind { Guarded(Secret, u8), Open(u16), Shut(Option<u32>) }
    #[derive(Deserialize)] pub(super) struct Before { kind: Kind, key: Secret }
} }

#[test]
fn a_leaf_that_is_particular_gets_what_it_takes() {
    assert_eq!(whole::<refusing::Dated>(), "{id:bytes,on:str,share:u8,text:str}");
    assert_eq!(whole::<HashMap<Date, Uuid>>(), "map<str,bytes>");
}

#[test]
fn a_leaf_that_takes_nothing_hides_what_follows_in_its_struct_alone() {
    use refusing::*;
    assert_eq!(text::<Guarded>(), "{id:u32,key:str,count:_}");
    assert!(Layout::of::<Guarded>().is_partial());
    assert_eq!(
        text::<Around>(),
        "{keys:seq<{id:u32,key:str,count:_}>,first:option<{id:u32,key:str,count:_}>,\
         kind:enum<Guarded:(str,_)|Open:u16|Shut:option<u32>>,after:u8}"
    );
    assert_eq!(text::<Before>(), "{kind:enum<Guarded:(str,_)|Open:u16|Shut:option<u32>>,key:str}");
}

struct Versioned;
impl<'de> Deserialize<'de> for Versioned {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Versioned;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("three numbers")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Versioned, A::Error> {
                let mut count = 0;
                while seq.next_element::<u32>()?.is_some() {
                    count += 1;
                }
                if count == 3 { Ok(Versioned) } else { Err(de::Error::invalid_length(count, &self)) }
            }
        }
        from.deserialize_seq(Visitor)
    }
}

#[test]
fn a_sequence_gets_the_length_that_it_takes() {
    assert_eq!(whole::<(Versioned, u8)>(), "(seq<u32>,u8)");
}

version! { before {
    #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String, kind: Kind }
    #[derive(Deserialize)] pub(super) enum Kind { A, B(u8), C { x: u8 } }
} }

macro_rules! assert_changes {
    ($($why:literal: { $($items:tt)* })*) => {$({
        version! { after { $($items)* } }
        let (old, new) = (Layout::of::<before::Item>(), Layout::of::<after::Item>());
        assert_ne!(old.hash(), new.hash(), "{}: {old} {new}", $why);
    })*};
}

#[test]
fn every_change_of_the_wire_changes_the_hash() {
    assert_changes! {
        "fields of one type exchanged": { #[derive(Deserialize)] pub(super) struct Item { b: u32, a: u32, c: String, kind: before::Kind } }
        "a field renamed": { #[derive(Deserialize)] pub(super) struct Item { a: u32, d: u32, c: String, kind: before::Kind } }
        "a field more": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String, kind: before::Kind, e: u8 } }
        "a field less": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String } }
        "a number of another width": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u64, c: String, kind: before::Kind } }
        "a number with a sign": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: i32, c: String, kind: before::Kind } }
        "bytes for text": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: Vec<u8>, kind: before::Kind } }
        "an option": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: Option<u32>, c: String, kind: before::Kind } }
        "a field skipped": { #[derive(Deserialize)] pub(super) struct Item { a: u32, #[serde(skip)] b: u32, c: String, kind: before::Kind } }
        "a field boxed in a tuple": { #[derive(Deserialize)] pub(super) struct Item { a: u32, b: (u32,), c: String, kind: before::Kind } }
        "variants exchanged": {
            #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String, kind: Kind }
            #[derive(Deserialize)] pub(super) enum Kind { B(u8), A, C { x: u8 } } }
        "a variant more": {
            #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String, kind: Kind }
            #[derive(Deserialize)] pub(super) enum Kind { A, B(u8), C { x: u8 }, D } }
        "a variant renamed": {
            #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String, kind: Kind }
            #[derive(Deserialize)] pub(super) enum Kind { A, D(u8), C { x: u8 } } }
        "what the last variant holds": {
            #[derive(Deserialize)] pub(super) struct Item { a: u32, b: u32, c: String, kind: Kind }
            #[derive(Deserialize)] pub(super) enum Kind { A, B(u8), C { x: u16 } } }
    }
}

version! { same {
    #[derive(Default, Deserialize)] pub(super) struct Count(u32);
    #[derive(Deserialize)] #[serde(rename_all = "lowercase")]
    pub(super) struct Entry { #[serde(default)] a: Count, #[serde(skip)] cache: Vec<u8>, #[serde(rename = "b")] other: Box<u32>, c: Box<str>, #[serde(rename = "kind")] sort: before::Kind }
} }

#[test]
fn what_the_wire_does_not_show_changes_nothing() {
    assert_eq!(Layout::of::<before::Item>(), Layout::of::<same::Entry>());
    assert_eq!(Layout::of::<usize>(), Layout::of::<u64>());
    assert_eq!(Layout::of::<Vec<u8>>(), Layout::of::<BTreeSet<u8>>());
}

/// Stored hashes were made by these rules: a change here makes every stored state unreadable.
#[test]
fn hashes_are_the_same_for_ever() {
    let golden = |layout: Layout, text: &str, hash: u64| {
        assert_eq!(layout.to_string(), text);
        assert_eq!(layout.hash(), hash, "{text}: {:#018x}", layout.hash());
    };
    golden(Layout::of::<u64>(), "u64", 0x209c_47fa_ded1_c824);
    golden(Layout::of::<plain::Item>(), "{text:str,done:bool}", 0x7735_baee_4525_d7c9);
    golden(
        Layout::of::<recursive::Json>(),
        "enum<Null|Bool:bool|Array:seq<^2>|Object:map<str,^2>>",
        0x7aca_67f8_68e9_83c5,
    );
    let table = Layout::container("table", [Layout::of::<String>(), Layout::of::<Option<usize>>()]);
    golden(table, "table<str,option<u64>>", 0x3236_bd01_796c_4c3b);
    golden(Layout::container("column", []), "column<>", 0xb82b_9470_d6a1_350d);
}

/// Enums that hold the next one in four places each.
macro_rules! tower {
    ($($name:ident $next:ty),*) => {$(
        #[allow(dead_code, clippy::large_enum_variant)]
        #[derive(Deserialize)]
        enum $name { A($next, $next), B($next), C { x: $next, y: Option<Box<$name>> }, D }
    )*};
}
tower!(T0 T1, T1 T2, T2 T3, T3 T4, T4 T5, T5 T6, T6 T7, T7 T8, T8 T9, T9 u8);

#[test]
fn many_enums_in_each_other_are_seen_in_few_runs() {
    let mut tracer = Tracer::new("T0");
    tracer.explore(|tracer| T0::deserialize(Probe(tracer)).is_ok());
    assert!(tracer.runs() <= 40, "as many runs as there are variants, not {}", tracer.runs());
    assert!(tracer.types().iter().all(|known| known.contents.iter().all(|content| content.is_complete)));
    assert!(Layout::of::<T6>().to_string().len() > 1_000);
}

#[test]
fn a_text_has_a_bound() {
    let layout = Layout::of::<T0>();
    assert!(layout.is_partial());
    assert!(layout.to_string().len() < 128 << 10, "{}", layout.to_string().len());
    assert_ne!(layout.hash(), Layout::of::<T1>().hash());
}

#[test]
fn a_huge_array_is_cut() {
    struct Huge;
    impl<'de> Deserialize<'de> for Huge {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> de::Visitor<'de> for Visitor {
                type Value = Huge;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("many numbers")
                }
                fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Huge, A::Error> {
                    while seq.next_element::<u8>()?.is_some() {}
                    Ok(Huge)
                }
            }
            from.deserialize_tuple(usize::MAX, Visitor)
        }
    }
    assert!(Layout::of::<Huge>().is_partial());
}
