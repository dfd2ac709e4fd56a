//! The smallest actor: no state, two routes.

use duractor::prelude::*;

/// Says hello.
#[derive(Default, Actor)]
pub struct Hello;

#[methods]
impl Hello {
    /// `GET /hello`
    #[get]
    pub fn hello(&self) -> &str {
        "Hello, world!\n"
    }

    /// `GET /hello/{name}`
    #[get("/{name}")]
    pub fn greet(&self, name: &str) -> String {
        format!("Hello, {name}!\n")
    }
}

#[cfg(test)]
mod tests {
    use duractor::Native;

    use super::*;

    #[test]
    fn it_greets_by_name() {
        assert_eq!(Hello.hello(), "Hello, world!\n");
        assert_eq!(Hello.greet("Ann"), "Hello, Ann!\n");
    }

    #[test]
    fn it_answers_requests() {
        let native = Native::new().routes(crate::routes());
        assert_eq!(native.get("/hello").send().text(), "Hello, world!\n");
        assert_eq!(native.get("/hello/Zo%C3%AB").send().text(), "Hello, Zoë!\n");
    }
}
