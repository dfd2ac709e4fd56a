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

    /// `GET /go/{example}?name=…`: sends a form's visitor to the example of that name.
    #[get("/go/{example}")]
    pub fn go(&self, example: Example, Query(visit): Query<Visit>) -> Redirect {
        let name = utf8_percent_encode(&visit.name, NON_ALPHANUMERIC);
        match example {
            Example::Hello => Redirect::to(format!("/hello/{name}")),
            Example::Counter => Redirect::to(format!("/counter/{name}/page")),
        }
    }
}
