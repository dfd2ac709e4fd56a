//! One counter for every name: state between calls, a problem with a type, a page with a form.

use duractor::prelude::*;
use serde::Deserialize;

use crate::page::{escape, page};

/// Counts. Whoever has read a count can rely on it.
#[derive(Default, Actor)]
pub struct Counter {
    count: u64,
}

/// What the page's form sends.
#[derive(Deserialize)]
pub struct Step {
    by: u64,
}

/// The counter cannot count that far; it stays as it was.
#[derive(Debug, PartialEq, Problem)]
#[problem(409, "{count} and {by} more is more than a counter holds")]
pub struct Overflow {
    count: u64,
    by: u64,
}

#[methods]
impl Counter {
    /// `GET /counter/{name}`
    #[get]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// `POST /counter/{name}/add/{by}`: counts on, and answers with the new count.
    #[post("/add/{by}")]
    pub fn add(&mut self, by: u64) -> Result<u64, Overflow> {
        let count = self.count;
        self.count = count.checked_add(by).ok_or(Overflow { count, by })?;
        Ok(self.count)
    }

    /// `GET /counter/{name}/page`: the counter with a form, whose step is the one that this browser took last.
    #[get("/page")]
    pub fn page(&self, req: &Request, cookies: Cookies<'_>) -> Html<String> {
        let step = cookies.get("step").and_then(|step| step.parse().ok()).unwrap_or(1);
        self.draw(req.param("name").unwrap_or_default(), step)
    }

    /// `POST /counter/{name}/page`: what the form does. It remembers the step in a cookie and shows the page again.
    #[post("/page")]
    pub fn submit(&mut self, Form(step): Form<Step>, req: &Request) -> Result<impl IntoResponse> {
        self.add(step.by)?;
        let cookie = format!("step={}; Path=/counter; HttpOnly; SameSite=Lax", step.by);
        Ok(([("set-cookie", cookie)], Redirect::to(req.path())))
    }
}

impl Counter {
    fn draw(&self, name: &str, step: u64) -> Html<String> {
        let (name, count) = (escape(name), self.count);
        page(
            &format!("Counter {name}"),
            &format!(
                r#"<p class="big">{count}</p>
<form method="post">
  <label>Add <input name="by" type="number" min="0" value="{step}" required></label>
  <button>Count</button>
</form>
<p>Open this page in two windows: both count on the same actor.</p>"#
            ),
        )
    }
}

#[cfg(test)]
mod tests {
    use duractor::{Native, native::Fault};

    use super::*;

    #[test]
    fn it_counts() {
        let mut counter = Counter::default();
        assert_eq!(counter.add(5), Ok(5));
        assert_eq!(counter.add(2), Ok(7));
        assert_eq!(counter.count(), 7);
    }

    #[test]
    fn it_refuses_to_overflow() {
        let mut counter = Counter { count: u64::MAX };
        assert_eq!(counter.add(1), Err(Overflow { count: u64::MAX, by: 1 }));
        assert_eq!(counter.count(), u64::MAX);
    }

    #[test]
    fn the_page_shows_names_as_text() {
        let Html(html) = Counter { count: 3 }.draw("<b>", 1);
        assert!(html.contains("Counter &lt;b&gt;") && html.contains(">3<"), "{html}");
    }

    #[test]
    fn every_name_has_its_own_counter() {
        let native = Native::new().routes(crate::routes());
        assert_eq!(native.post("/counter/ann/add/5").send().text(), "5");
        assert_eq!(native.get("/counter/ann").send().text(), "5");
        assert_eq!(native.get("/counter/bob").send().text(), "0");
    }

    #[test]
    fn a_count_survives_a_trap_and_an_eviction() {
        let native = Native::new().routes(crate::routes());
        native.post("/counter/ann/add/5").send();
        native.rehydrate("Counter", "ann");
        assert_eq!(native.post("/counter/ann/add/2").send().text(), "7");
        native.evict("Counter", "ann");
        assert_eq!(native.get("/counter/ann").send().text(), "7");
    }

    #[test]
    fn a_count_that_is_not_stored_was_not_counted() {
        let native = Native::new().routes(crate::routes());
        native.post("/counter/ann/add/5").send();
        native.inject(Fault::FailCommit);
        assert_eq!(native.post("/counter/ann/add/2").send().status, 503);
        assert_eq!(native.get("/counter/ann").send().text(), "5");
    }

    #[test]
    fn the_form_counts_and_remembers_the_step() {
        let native = Native::new().routes(crate::routes());
        let reply = native.post("/counter/ann/page").form(&[("by", 3)]).send();
        assert_eq!((reply.status, reply.header("location")), (303, Some("/counter/ann/page")));
        assert!(reply.header("set-cookie").unwrap().starts_with("step=3;"));
        let page = native.get("/counter/ann/page").header("cookie", "step=3").send();
        assert!(page.text().contains(r#">3</p>"#) && page.text().contains(r#"value="3""#));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let native = Native::new().routes(crate::routes());
        assert_eq!(native.post("/counter/ann/add/many").send().status, 400);
        assert_eq!(native.post("/counter/ann/page").form(&[("by", "-1")]).send().status, 400);
    }
}
