//! Names from templates, headers and functions, and their bounds.

mod support;

use duractor_router::{Builder, Head, Header, IntoNaming, NAME_MAX_BYTES, NameRefusal, Naming, Router, Verb};
use support::{Nowhere, Request, leak};

fn router(naming: impl IntoNaming<String>) -> Router<(), String> {
    Builder::new().mount("Actor", "/{a}/{b}", naming, [(Verb::Get, "/", ())]).build().unwrap()
}

fn name(naming: impl IntoNaming<String>, request: &Request) -> Result<String, NameRefusal<String>> {
    let router = router(naming);
    let hit = router.resolve("GET", request.path).unwrap();
    router.name(&hit, request, &Nowhere).map(|name| name.text.into_owned())
}

fn at(path: &'static str) -> Request {
    Request { path, header: None }
}

#[test]
fn a_fixed_name_is_always_the_same() {
    assert_eq!(name("home", &at("/1/2")).unwrap(), "home");
}

#[test]
fn a_template_takes_parameters_and_escapes_them() {
    assert_eq!(name("{a}/{b}", &at("/acme/lobby")).unwrap(), "acme/lobby");
    assert_eq!(name("{a}/{b}", &at("/a%2Fb/c")).unwrap(), "a%2Fb/c");
    assert_eq!(name("{a}/{b}", &at("/a/b%2Fc")).unwrap(), "a/b%2Fc");
    assert_eq!(name("{b}@{a}", &at("/x@y/%C3%A9")).unwrap(), "é@x%40y");
    assert_eq!(name("{a}", &at("/100%25/_")).unwrap(), "100%25");
}

#[test]
fn a_header_names_as_it_is() {
    let request = Request { path: "/1/2", header: Some(("x-tenant", "a/b%2F c")) };
    assert_eq!(name(Header("X-Tenant"), &request).unwrap(), "a/b%2F c");
    assert_eq!(name(Header("x-tenant"), &at("/1/2")), Err(NameRefusal::MissingHeader("x-tenant")));
    let empty = Request { path: "/1/2", header: Some(("x-tenant", "")) };
    assert_eq!(name(Header("x-tenant"), &empty), Err(NameRefusal::Empty));
}

#[test]
fn a_function_names_or_refuses() {
    let from_path = |head: &dyn Head| match head.path() {
        "/1/2" => Ok("one".to_owned()),
        path => Err(format!("not {path}")),
    };
    assert_eq!(name(from_path, &at("/1/2")).unwrap(), "one");
    assert_eq!(name(from_path, &at("/3/4")), Err(NameRefusal::Refused("not /3/4".to_owned())));
    assert_eq!(name(Naming::function(|_| Ok(String::new())), &at("/1/2")), Err(NameRefusal::Empty));
}

#[test]
fn a_name_has_a_bound_in_bytes() {
    let long = leak(format!("/{}/x", "é".repeat(NAME_MAX_BYTES / 2)));
    assert_eq!(name("{a}", &at(long)).unwrap().len(), NAME_MAX_BYTES);
    let bytes = NAME_MAX_BYTES + 1;
    assert_eq!(name("{a}x", &at(long)), Err(NameRefusal::TooLong { bytes, max: NAME_MAX_BYTES }));
}

#[test]
fn escapes_count_towards_the_bound() {
    let router = Builder::<(), String>::new()
        .name_max_bytes(4)
        .mount("Actor", "/{a}", "{a}", [(Verb::Get, "/", ())])
        .build()
        .unwrap();
    let named = |path| {
        router.name(&router.resolve("GET", path).unwrap(), &at("/"), &Nowhere).map(|name| name.text.into_owned())
    };
    assert_eq!(named("/%25a").unwrap(), "%25a");
    assert_eq!(named("/%25ab"), Err(NameRefusal::TooLong { bytes: 5, max: 4 }));
}

#[test]
fn refusals_read_well() {
    let refusal: NameRefusal<String> = NameRefusal::MissingHeader("x-tenant");
    assert_eq!(refusal.to_string(), "the header `x-tenant` is missing");
    let refusal: NameRefusal<String> = NameRefusal::TooLong { bytes: 5, max: 4 };
    assert_eq!(refusal.to_string(), "the actor's name has 5 bytes, at most 4 are allowed");
}
