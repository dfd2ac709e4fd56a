//! The page that a visitor opens first. It is an actor like any other: every request goes to one.

use duractor::prelude::*;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Explains the examples.
#[derive(Default, Actor)]
pub struct Home;

/// An example with a page for every name.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Example {
    /// [`Hello`](crate::hello::Hello)
    Hello,
    /// [`Counter`](crate::counter::Counter)
    Counter,
    /// [`Todo`](crate::todo::Todo)
    Todo,
    /// [`Ledger`](crate::ledger::Ledger)
    Ledger,
    /// [`Telemetry`](crate::telemetry::Telemetry)
    Telemetry,
    /// [`Search`](crate::search::Search)
    Search,
}

/// What a form of the index page sends.
#[derive(Deserialize)]
pub struct Visit {
    name: String,
}

#[methods]
impl Home {
    /// `GET /`
    #[get]
    pub fn index(&self) -> Html<&'static str> {
        Html(concat!(include_str!("head.html"), include_str!("home.html")))
    }

    /// `GET /favicon.ico`, which every browser asks for.
    #[get("/favicon.ico")]
    pub fn icon() -> impl IntoResponse {
        ([("cache-control", "max-age=86400")], Response::svg(include_str!("icon.svg")))
    }

    /// `GET /go/{example}?name=…`: sends a form's visitor to the example of that name.
    #[get("/go/{example}")]
    pub fn go(&self, example: Example, Query(visit): Query<Visit>) -> Redirect {
        let name = utf8_percent_encode(&visit.name, NON_ALPHANUMERIC);
        match example {
            _ if visit.name.is_empty() => Redirect::to("/"),
            Example::Hello => Redirect::to(format!("/hello/{name}")),
            Example::Counter => Redirect::to(format!("/counter/{name}/page")),
            Example::Todo => Redirect::to(format!("/todo/{name}")),
            Example::Ledger => Redirect::to(format!("/ledger/{name}")),
            Example::Telemetry => Redirect::to(format!("/telemetry/{name}")),
            Example::Search => Redirect::to(format!("/search/{name}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use duractor::Native;

    #[test]
    fn a_visitor_is_sent_to_the_example_of_that_name() {
        let native = Native::new().routes(crate::routes());
        let location = |target: &str| native.get(target).send().header("location").map(str::to_owned);
        assert_eq!(location("/go/hello?name=a%2Fb").as_deref(), Some("/hello/a%2Fb"));
        assert_eq!(location("/go/counter?name=Zo%C3%AB").as_deref(), Some("/counter/Zo%C3%AB/page"));
        assert_eq!(location("/go/todo?name=at%20home").as_deref(), Some("/todo/at%20home"));
        assert_eq!(location("/go/ledger?name=acme").as_deref(), Some("/ledger/acme"));
        assert_eq!(location("/go/telemetry?name=attic").as_deref(), Some("/telemetry/attic"));
        assert_eq!(location("/go/search?name=docs").as_deref(), Some("/search/docs"));
        assert_eq!(location("/go/counter?name=").as_deref(), Some("/"));
    }
}
