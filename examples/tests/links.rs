//! Whatever can be clicked on a page does something sensible.

use duractor::{
    Native,
    native::{RequestBuilder, Response},
};
use duractor_examples::routes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// What a click sends.
#[derive(Debug)]
struct Click {
    method: String,
    target: String,
    fields: Vec<(String, String)>,
}

/// A start tag with the text behind it.
struct Tag<'h> {
    name: &'h str,
    attributes: Vec<(&'h str, String)>,
    is_required: bool,
    text: &'h str,
}

impl<'h> Tag<'h> {
    fn parse(html: &'h str) -> Self {
        let (tag, text) = html.split_once('>').unwrap_or((html, ""));
        let (name, rest) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
        let mut parts = rest.split('"');
        let mut attributes = Vec::new();
        while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
            let key = key.trim_end_matches('=').rsplit([' ', '\n']).next().unwrap_or_default();
            attributes.push((key, value.replace("&amp;", "&")));
        }
        Self { name, attributes, is_required: tag.ends_with(" required"), text }
    }

    fn get(&self, key: &str) -> Option<&str> {
        let (_, value) = self.attributes.iter().find(|(known, _)| *known == key)?;
        Some(value)
    }

    /// The field that a control adds to its form when nobody touches it but where the browser insists.
    fn field(&self) -> Option<(String, String)> {
        let value = match (self.name, self.get("type")) {
            ("input", Some("checkbox")) => return None,
            ("textarea", _) => self.text.trim(),
            ("input", _) => self.get("value").unwrap_or(if self.is_required { "something" } else { "" }),
            _ => return None,
        };
        Some((self.get("name")?.into(), value.into()))
    }

    fn pressed(&self) -> Option<(String, String)> {
        Some((self.get("name")?.into(), self.get("value")?.into()))
    }
}

/// Everything that can be clicked on a page: links, and the buttons of forms. A list's first option is its value.
fn clicks(page: &str, html: &str) -> Vec<Click> {
    let (_, body) = html.split_once("</style>").expect("a page has a style");
    let body = body.split("<script>").next().unwrap_or_default();
    let mut clicks = Vec::new();
    let (mut method, mut action, mut fields) = (String::new(), String::new(), Vec::new());
    for tag in body.split('<').skip(1).map(Tag::parse) {
        match tag.name {
            "a" => clicks.push(Click {
                method: "GET".into(),
                target: tag.get("href").expect("a link leads somewhere").into(),
                fields: Vec::new(),
            }),
            "form" => {
                method = tag.get("method").unwrap_or("get").to_uppercase();
                action = tag.get("action").unwrap_or(page).into();
                fields.clear();
            }
            "select" => fields.push((tag.get("name").unwrap_or_default().into(), String::new())),
            "option" => match fields.last_mut() {
                Some((_, value)) if value.is_empty() => *value = tag.text.into(),
                _ => {}
            },
            "button" => clicks.push(Click {
                method: tag.get("formmethod").map_or(method.clone(), str::to_uppercase),
                target: tag.get("formaction").unwrap_or(&action).into(),
                // The button that was pressed is a field of its form, too.
                fields: fields.iter().cloned().chain(tag.pressed()).collect(),
            }),
            _ => fields.extend(tag.field()),
        }
    }
    clicks
}

fn request<'n>(native: &'n Native, click: &Click) -> RequestBuilder<'n> {
    match click.method.as_str() {
        "GET" if click.fields.is_empty() => native.get(&click.target),
        "GET" => {
            let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
            let pairs = click.fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
            native.get(&format!("{}?{}", click.target, pairs.collect::<Vec<_>>().join("&")))
        }
        method => native.request(method, &click.target).form(&click.fields),
    }
}

/// Sends what a click sends, and follows one redirect, as after a form.
fn answer(native: &Native, click: &Click) -> Response {
    let response = request(native, click).send();
    match response.header("location") {
        Some(location) => native.get(location).send(),
        None => response,
    }
}

fn worker() -> Native {
    Native::new().routes(routes())
}

fn click_everything(page: &str, clickable: usize) {
    click_everything_in(&worker(), page, clickable);
}

fn click_everything_in(native: &Native, page: &str, clickable: usize) {
    let html = native.get(page).send().text().into_owned();
    let clicks = clicks(page, &html);
    assert_eq!(clicks.len(), clickable, "{clicks:#?}");
    for click in clicks {
        let response = answer(native, &click);
        assert_eq!(response.status, 200, "{click:?}: {}", response.text());
    }
}

#[test]
fn everything_on_the_index_page_answers() {
    click_everything("/", 36);
}

#[test]
fn everything_on_a_counters_page_answers() {
    click_everything("/counter/ann/page", 2);
}

#[test]
fn everything_on_the_rates_page_answers() {
    click_everything("/rates", 9);
}

#[test]
fn everything_on_a_lists_page_answers() {
    let native = worker();
    native.post("/todo/at%20home/items").json(&["milk"]).send();
    click_everything_in(&native, "/todo/at%20home", 7);
}

#[test]
fn everything_on_a_ledgers_page_answers() {
    click_everything("/ledger/acme%2Feast", 4);
}

#[test]
fn everything_on_a_sensors_page_answers() {
    click_everything("/telemetry/attic", 7);
}

#[test]
fn everything_on_an_indexs_page_answers() {
    click_everything("/search/a%20b?q=kittens", 10);
}

/// A visitor's cart with two things in it.
struct Visitor {
    native: Native,
    cookie: String,
}

impl Visitor {
    fn new(user: Option<&str>) -> Self {
        let native = worker();
        let welcome = native.get("/session").send();
        let (cookie, _) =
            welcome.header("set-cookie").and_then(|cookie| cookie.split_once(';')).expect("a new session");
        let visitor = Self { cookie: cookie.to_owned(), native };
        for what in ["tea", "bread"] {
            visitor.post("/session/items", ("what", what));
        }
        if let Some(user) = user {
            visitor.post("/session/log-in", ("user", user));
        }
        visitor
    }

    fn post(&self, target: &str, field: (&str, &str)) {
        let response = self.native.post(target).header("cookie", &self.cookie).form(&[field]).send();
        assert_eq!(response.status, 303, "{}", response.text());
    }

    fn get(&self, target: &str) -> Response {
        self.native.get(target).header("cookie", &self.cookie).send()
    }

    fn click(&self, click: &Click) -> Response {
        let response = request(&self.native, click).header("cookie", &self.cookie).send();
        match response.header("location") {
            Some(location) => self.get(location),
            None => response,
        }
    }
}

#[test]
fn everything_on_the_carts_page_answers() {
    for user in [None, Some("Ann")] {
        let clicks = clicks("/session", &Visitor::new(user).get("/session").text());
        assert_eq!(clicks.len(), 10, "{clicks:#?}");
        for click in clicks {
            // One of the buttons deletes the cart, so each is on a page of its own; two of them are there to panic.
            let response = Visitor::new(user).click(&click);
            let status = if click.target.starts_with("/session/panic") { 500 } else { 200 };
            assert_eq!(response.status, status, "{click:?}: {}", response.text());
        }
    }
}
