//! A shopping cart for every visitor: a signed cookie names it, logging out deletes it, a panic leaves it as it was.

use duractor::{Session, prelude::*};
use serde::{Deserialize, Serialize};

use crate::{
    page::{escape, page},
    rates::best_offer,
    upstreams::Pair,
};

/// The cookie that leads a visitor back to their cart.
pub const SESSION: Session = Session::cookie("cart");

/// Longest name of a visitor, in characters.
const USER_MAX_CHARS: usize = 64;

/// Most pieces of one ware.
const QUANTITY_MAX: u32 = 99;

/// What one visitor wants to buy. Nobody else can name this actor: its name is in a cookie that the worker has signed.
#[derive(Default, Actor)]
pub struct Cart {
    user: Option<String>,
    items: Arena<Item>,
    orders: u32,
    last: Option<Order>,
}

/// Some pieces of a ware, at the price that it had when they were added.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    name: String,
    cents: u32,
    quantity: u32,
}

/// What was bought, in euro cents, and what it was paid with.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    cents: u32,
    us_cents: u32,
    bank: String,
}

/// What the shop sells.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ware {
    /// A tin of tea.
    Tea,
    /// A jar of honey.
    Honey,
    /// A loaf of bread.
    Bread,
}

/// What the page's buttons add.
#[derive(Deserialize)]
pub struct Wish {
    what: Ware,
}

/// What the page's form sends to log in. This shop believes whatever name it is told.
#[derive(Deserialize)]
pub struct LogIn {
    user: String,
}

/// A cart as JSON.
#[derive(Serialize)]
pub struct Shown<'c> {
    user: Option<&'c str>,
    items: Vec<Line<'c>>,
    cents: u32,
    orders: u32,
    last: Option<&'c Order>,
}

/// An item with its key, by which it is removed.
#[derive(Serialize)]
pub struct Line<'c> {
    key: Key<Item>,
    #[serde(flatten)]
    item: &'c Item,
}

/// Why a cart stays as it was.
#[derive(Debug, PartialEq, Problem)]
pub enum Refused {
    /// The name is empty or too long.
    #[problem(422, "a name has 1 to {max} characters, not {chars}")]
    BadUser {
        /// How many characters it has.
        chars: usize,
        /// How many it may have.
        max: usize,
    },
    /// The key is of no item, or of one that was removed.
    #[problem(404, "there is no item {0}")]
    NoItem(Key<Item>),
    /// The cart holds as much of it as it can.
    #[problem(409, "a cart has {1} of {0} at most")]
    Full(String, u32),
    /// There is nothing to be ordered.
    #[problem(409, "the cart is empty")]
    Empty,
    /// The worker was built for release.
    #[problem(404, "only a worker that was built for development does that")]
    NotHere,
}

#[methods]
impl Cart {
    /// `GET /session`: the cart as a page. A visitor who comes without a cookie gets one, and with it an empty cart.
    #[get]
    pub fn page(&self) -> Html<String> {
        self.draw()
    }

    /// `GET /session/json`: the cart as JSON.
    #[get("/json")]
    pub fn json(&self) -> Json<Shown<'_>> {
        Json(Shown {
            user: self.user.as_deref(),
            items: self.items.iter().map(|(key, item)| Line { key, item }).collect(),
            cents: self.cents(),
            orders: self.orders,
            last: self.last.as_ref(),
        })
    }

    /// `POST /session/items`: adds a piece.
    #[post("/items")]
    pub fn add(&mut self, Form(wish): Form<Wish>) -> Result<Redirect, Refused> {
        self.insert(wish.what)?;
        Ok(Redirect::to("/session"))
    }

    /// `POST /session/items/{key}/remove`: removes all pieces of an item.
    #[post("/items/{key}/remove")]
    pub fn remove(&mut self, key: Key<Item>) -> Result<Redirect, Refused> {
        self.items.remove(key).ok_or(Refused::NoItem(key))?;
        Ok(Redirect::to("/session"))
    }

    /// `POST /session/log-in`: whoever logs in keeps the cart that they have.
    #[post("/log-in")]
    pub fn log_in(&mut self, Form(log_in): Form<LogIn>) -> Result<Redirect, Refused> {
        self.user = Some(checked(&log_in.user)?);
        Ok(Redirect::to("/session"))
    }

    /// `POST /session/log-out`: deletes all that is stored of the visitor, and takes the cookie from the browser. Who has
    /// kept a copy of it comes back to an empty cart.
    #[post("/log-out")]
    pub fn log_out(&mut self, cx: &Cx) -> Result<impl IntoResponse> {
        cx.destroy()?;
        Ok(([SESSION.expired()], Redirect::to("/session")))
    }

    /// `POST /session/checkout`: orders what is in the cart, paid in dollars at the best of all banks. The turn is held
    /// while they are asked, so nothing else changes the cart meanwhile. Without an offer it stays as it is.
    #[post("/checkout")]
    pub async fn checkout(&mut self, cx: &Cx) -> Result<Redirect> {
        if self.items.is_empty() {
            Err(Refused::Empty)?;
        }
        let offer = best_offer(Pair::EurUsd, cx).await?;
        let cents = self.cents();
        let us_cents = (f64::from(cents) * offer.rate).round() as u32;
        self.last = Some(Order { cents, us_cents, bank: offer.bank });
        self.orders += 1;
        self.items.clear();
        Ok(Redirect::to("/session"))
    }

    /// `POST /session/panic`: empties the cart and panics, so it is not empty afterwards. In development only.
    #[post("/panic")]
    pub fn panic(&mut self) -> Result<(), Refused> {
        only_in_development()?;
        self.items.clear();
        panic!("somebody has pressed the button that panics");
    }

    /// `POST /session/panic/later`: the same in a turn that has waited. In development only.
    #[post("/panic/later")]
    pub async fn panic_later(&mut self, cx: &Cx) -> Result<(), Refused> {
        only_in_development()?;
        self.items.clear();
        cx.sleep(millis(100)).await;
        panic!("somebody has pressed the button that panics later");
    }
}

impl Ware {
    const ALL: [(&'static str, Self); 3] = [("tea", Self::Tea), ("honey", Self::Honey), ("bread", Self::Bread)];

    fn name(self) -> &'static str {
        match self {
            Self::Tea => "Tea",
            Self::Honey => "Honey",
            Self::Bread => "Bread",
        }
    }

    fn cents(self) -> u32 {
        match self {
            Self::Tea => 450,
            Self::Honey => 790,
            Self::Bread => 320,
        }
    }
}

impl Item {
    fn total(&self) -> u32 {
        self.cents * self.quantity
    }
}

impl Cart {
    fn insert(&mut self, ware: Ware) -> Result<(), Refused> {
        let (name, cents) = (ware.name().to_owned(), ware.cents());
        let known = self.items.iter().find(|(_, item)| item.name == name && item.cents == cents);
        let Some(key) = known.map(|(key, _)| key) else {
            self.items.insert(Item { name, cents, quantity: 1 });
            return Ok(());
        };
        match self.items.get_mut(key) {
            Some(item) if item.quantity < QUANTITY_MAX => item.quantity += 1,
            _ => return Err(Refused::Full(name, QUANTITY_MAX)),
        }
        Ok(())
    }

    fn cents(&self) -> u32 {
        self.items.values().map(Item::total).sum()
    }

    fn draw(&self) -> Html<String> {
        let visitor = self.user.as_deref().map_or_else(log_in_form, log_out_form);
        let wares: String = Ware::ALL.iter().map(ware_button).collect();
        let items = if self.items.is_empty() { "<p>The cart is empty.</p>".to_owned() } else { self.table() };
        let last = self.last.as_ref().map(order_line).unwrap_or_default();
        let recovery = if cfg!(debug_assertions) { RECOVERY } else { "" };
        page(
            "Cart",
            &format!(
                r#"{visitor}
<form method="post" action="/session/items"><span>Add</span> {wares}</form>
{items}
<p>Orders so far: <b>{}</b>{last}</p>
<p>Open this page in another browser, or in a private window: there it is another cart. Both outlive a restart of the server
if it keeps the key that signs the cookies: <code>SESSION_KEYS</code>, on this machine in <code>.dev.vars</code>.</p>
{recovery}"#,
                self.orders
            ),
        )
    }

    fn table(&self) -> String {
        let rows: String = self.items.iter().map(row).collect();
        format!(
            r#"<div class="scroll"><table>
  <thead><tr><th>Item<th>Price<th>Pieces<th>Together<th></tr></thead>
  <tbody>{rows}</tbody>
  <tfoot><tr><th scope="row">Total<td><td><td><b>{}</b><td></tr></tfoot>
</table></div>
<form method="post" action="/session/checkout"><button>Check out, in dollars</button></form>"#,
            money('€', self.cents())
        )
    }
}

/// What the page says about panics.
const RECOVERY: &str = r#"<h2>Try recovery</h2>
<form method="post" action="/session/panic">
  <button>Empty the cart and panic</button>
  <button formaction="/session/panic/later">Empty it, wait, and panic</button>
</form>
<p>A panic ends the whole wasm instance, and with it the memory of every actor in it. The call that panicked is answered
500: go back and load the page again, and the cart is as it was, since only a turn that ends well is stored. Calls of other
visitors that waited meanwhile are run again from their start, with the answers that had come; nothing is sent twice.
These buttons are there in development only.</p>"#;

fn only_in_development() -> Result<(), Refused> {
    if cfg!(debug_assertions) { Ok(()) } else { Err(Refused::NotHere) }
}

fn checked(user: &str) -> Result<String, Refused> {
    let user = user.trim();
    match user.chars().count() {
        1..=USER_MAX_CHARS => Ok(user.to_owned()),
        chars => Err(Refused::BadUser { chars, max: USER_MAX_CHARS }),
    }
}

fn money(sign: char, cents: u32) -> String {
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}

fn log_in_form() -> String {
    format!(
        r#"<form method="post" action="/session/log-in">
  <label>Your name <input name="user" maxlength="{USER_MAX_CHARS}" required></label>
  <button>Log in</button>
</form>"#
    )
}

fn log_out_form(user: &str) -> String {
    format!(
        r#"<form method="post" action="/session/log-out"><span>Logged in as <b>{}</b></span> <button>Log out, and delete the cart</button></form>"#,
        escape(user)
    )
}

fn ware_button((value, ware): &(&str, Ware)) -> String {
    let price = money('€', ware.cents());
    format!(r#"<button name="what" value="{value}">{}, {price}</button> "#, ware.name())
}

fn row((key, item): (Key<Item>, &Item)) -> String {
    let Item { name, cents, quantity } = item;
    let (name, price, total) = (escape(name), money('€', *cents), money('€', item.total()));
    format!(
        r#"<tr><th scope="row">{name}<td>{price}<td>{quantity}<td>{total}<td><form method="post" action="/session/items/{key}/remove" aria-label="{name}">
  <button>Remove</button>
</form></tr>
"#
    )
}

fn order_line(Order { cents, us_cents, bank }: &Order) -> String {
    format!(". The last one was {}, paid as {} at {}.", money('€', *cents), money('$', *us_cents), escape(bank))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use duractor::{
        Native,
        native::{RequestBuilder, Response},
    };
    use serde_json::{Value, json};

    use super::*;

    /// A visitor's browser, as far as cookies go.
    struct Browser<'n> {
        native: &'n Native,
        cookie: RefCell<String>,
    }

    impl<'n> Browser<'n> {
        fn new(native: &'n Native) -> Self {
            Self::with_cookie(native, String::new())
        }

        fn with_cookie(native: &'n Native, cookie: String) -> Self {
            Self { native, cookie: cookie.into() }
        }

        fn request(&self, method: &str, target: &str) -> RequestBuilder<'n> {
            self.native.request(method, target).header("cookie", &*self.cookie.borrow())
        }

        /// Takes the cookie that comes with a response.
        fn take(&self, response: Response) -> Response {
            if let Some(cookie) = response.header("set-cookie") {
                let (cookie, attributes) = cookie.split_once(';').unwrap();
                let is_over = attributes.contains("Max-Age=0");
                self.cookie.replace(if is_over { String::new() } else { cookie.to_owned() });
            }
            response
        }

        fn get(&self, target: &str) -> Response {
            self.take(self.request("GET", target).send())
        }

        fn cart(&self) -> Value {
            self.get("/session/json").json()
        }

        /// What a form does; the status of the answer.
        fn press(&self, target: &str, fields: &[(&str, &str)]) -> u16 {
            let response = self.take(self.request("POST", target).form(&fields).send());
            let is_done = response.header("location") == Some("/session");
            assert_eq!(is_done, response.status == 303, "{}", response.text());
            response.status
        }

        fn add(&self, what: &str) {
            assert_eq!(self.press("/session/items", &[("what", what)]), 303);
        }
    }

    fn worker() -> Native {
        let native = Native::new().routes(crate::routes());
        for (bank, delay) in ["alpha", "beta", "gamma", "delta"].iter().zip([20, 40, 30, 10]) {
            native.put(&format!("/upstreams/{bank}")).json(&json!({"delay": delay})).send();
        }
        native
    }

    fn empty() -> Value {
        json!({"user": null, "items": [], "cents": 0, "orders": 0, "last": null})
    }

    fn tea(quantity: u32) -> Value {
        json!([{"key": "0.0", "name": "Tea", "cents": 450, "quantity": quantity}])
    }

    #[test]
    fn pieces_of_a_ware_are_one_item() {
        let mut cart = Cart::default();
        for ware in [Ware::Tea, Ware::Bread, Ware::Tea] {
            cart.insert(ware).unwrap();
        }
        assert_eq!((cart.items.len(), cart.cents()), (2, 2 * 450 + 320));
    }

    #[test]
    fn a_cart_is_bounded() {
        let mut cart = Cart::default();
        (0..QUANTITY_MAX).for_each(|_| cart.insert(Ware::Tea).unwrap());
        assert_eq!(cart.insert(Ware::Tea), Err(Refused::Full("Tea".into(), 99)));
        assert_eq!(cart.insert(Ware::Honey), Ok(()));
    }

    #[test]
    fn every_visitor_has_their_own_cart() {
        let native = worker();
        let (ann, bob) = (Browser::new(&native), Browser::new(&native));
        ann.add("tea");
        bob.add("bread");
        native.crash();
        assert_eq!(ann.cart()["items"], tea(1));
        assert_eq!(bob.cart()["items"][0]["name"], "Bread");
        assert_eq!(Browser::new(&native).cart(), empty());
    }

    #[test]
    fn a_visitor_gets_one_cookie_and_comes_back_by_it() {
        let native = worker();
        let ann = Browser::new(&native);
        assert!(ann.get("/session").header("set-cookie").unwrap().starts_with("__Host-cart="));
        ann.add("tea");
        assert_eq!(ann.get("/session").header("set-cookie"), None);
        assert_eq!(ann.cart()["items"], tea(1));
    }

    #[test]
    fn a_forged_cookie_leads_to_a_new_cart() {
        let native = worker();
        let ann = Browser::new(&native);
        ann.add("tea");
        let mut forged = ann.cookie.borrow().clone();
        let last = forged.pop().unwrap();
        forged.push(if last == 'A' { 'E' } else { 'A' });
        let eve = Browser::with_cookie(&native, forged.clone());
        assert_eq!(eve.cart(), empty());
        assert_ne!(*eve.cookie.borrow(), forged);
        assert_eq!(ann.cart()["items"], tea(1));
    }

    #[test]
    fn logging_in_keeps_the_cart() {
        let native = worker();
        let ann = Browser::new(&native);
        ann.add("tea");
        assert_eq!(ann.press("/session/log-in", &[("user", "  Ann <b> ")]), 303);
        native.crash();
        let cart = ann.cart();
        assert_eq!((&cart["user"], &cart["items"]), (&json!("Ann <b>"), &tea(1)));
        assert!(ann.get("/session").text().contains("<b>Ann &lt;b&gt;</b>"));
    }

    #[test]
    fn logging_out_deletes_the_cart_and_takes_the_cookie() {
        let native = worker();
        let ann = Browser::new(&native);
        assert_eq!(ann.press("/session/log-in", &[("user", "Ann")]), 303);
        ann.add("tea");
        let old = ann.cookie.borrow().clone();
        assert_eq!(ann.press("/session/log-out", &[]), 303);
        assert_eq!(*ann.cookie.borrow(), "");

        let back = Browser::with_cookie(&native, old.clone());
        assert_eq!(back.cart(), empty());
        native.crash();
        assert_eq!(back.cart(), empty());
        assert_eq!(*back.cookie.borrow(), old);
        assert_eq!(ann.cart(), empty());
        assert_ne!(*ann.cookie.borrow(), old);
    }

    #[test]
    fn an_item_is_removed_once() {
        let native = worker();
        let ann = Browser::new(&native);
        ann.add("tea");
        ann.add("tea");
        assert_eq!(ann.cart()["items"], tea(2));
        assert_eq!(ann.press("/session/items/0.0/remove", &[]), 303);
        assert_eq!(ann.press("/session/items/0.0/remove", &[]), 404);
        assert_eq!(ann.cart(), empty());
    }

    #[test]
    fn an_order_is_kept() {
        let native = worker();
        let ann = Browser::new(&native);
        ann.add("tea");
        ann.add("honey");
        assert_eq!(ann.press("/session/checkout", &[]), 303);
        native.crash();
        let cart = ann.cart();
        assert_eq!((&cart["items"], &cart["orders"], &cart["last"]["cents"]), (&json!([]), &json!(1), &json!(1_240)));
        let us_cents = cart["last"]["us_cents"].as_u64().unwrap();
        assert!((1_336..=1_350).contains(&us_cents), "{us_cents}"); // 1.0778 to 1.0886 dollars for a euro
        assert!(ann.get("/session").text().contains("The last one was €12.40, paid as $13."));
    }

    #[test]
    fn nothing_is_added_to_a_cart_while_it_is_paid_for() {
        let native = worker();
        let ann = Browser::new(&native);
        ann.add("tea");
        let checkout = ann.request("POST", "/session/checkout").start();
        ann.add("bread");
        assert_eq!(checkout.wait().status, 303);
        let cart = ann.cart();
        assert_eq!((&cart["last"]["cents"], &cart["cents"]), (&json!(450), &json!(320)));
    }

    #[test]
    fn without_any_offer_and_without_any_item_nothing_is_ordered() {
        let native = worker();
        let ann = Browser::new(&native);
        assert_eq!(ann.press("/session/checkout", &[]), 409);
        ann.add("tea");
        for bank in ["alpha", "beta", "gamma", "delta"] {
            native.put(&format!("/upstreams/{bank}")).json(&json!({"failing": true})).send();
        }
        assert_eq!(ann.press("/session/checkout", &[]), 502);
        let cart = ann.cart();
        assert_eq!((&cart["items"], &cart["orders"]), (&tea(1), &json!(0)));
    }

    #[test]
    fn a_panic_leaves_the_cart_as_it_was() {
        for target in ["/session/panic", "/session/panic/later"] {
            let native = worker();
            let ann = Browser::new(&native);
            ann.add("tea");
            assert_eq!(ann.press(target, &[]), 500);
            assert_eq!(ann.cart()["items"], tea(1));
            native.crash();
            assert_eq!(ann.cart()["items"], tea(1));
        }
    }

    #[test]
    fn who_pays_while_another_panics_does_not_notice() {
        let native = worker();
        let (ann, bob) = (Browser::new(&native), Browser::new(&native));
        ann.add("tea");
        let checkout = ann.request("POST", "/session/checkout").start();
        assert_eq!(bob.press("/session/panic", &[]), 500);
        assert_eq!(checkout.wait().status, 303);
        assert_eq!(ann.cart()["orders"], 1);
    }

    #[test]
    fn what_is_no_name_no_ware_and_no_key_is_refused() {
        let native = worker();
        let ann = Browser::new(&native);
        for (user, status) in [("", 422), (" \t ", 422), (&*"ä".repeat(64), 303), (&*"x".repeat(65), 422)] {
            assert_eq!(ann.press("/session/log-in", &[("user", user)]), status, "{user}");
        }
        assert_eq!(ann.press("/session/log-in", &[]), 400);
        assert_eq!(ann.press("/session/items", &[("what", "gold")]), 400);
        assert_eq!(ann.press("/session/items/first/remove", &[]), 400);
        assert_eq!(ann.press("/session/items/7.0/remove", &[]), 404);
        assert_eq!(ann.cart()["user"], "ä".repeat(64));
    }
}
