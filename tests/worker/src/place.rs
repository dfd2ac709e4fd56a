//! Paths and names.

use duractor::prelude::*;

#[derive(Default, Actor)]
pub(crate) struct Place {
    visits: u64,
}

#[methods]
impl Place {
    #[get]
    fn name(&self, cx: &Cx) -> String {
        cx.name().to_owned()
    }

    #[get("/visits")]
    fn visits(&self) -> u64 {
        self.visits
    }

    #[post("/visit")]
    fn visit(&mut self) -> u64 {
        self.visits += 1;
        self.visits
    }

    #[get("/value/{value}")]
    fn value(value: &str) -> &str {
        value
    }

    #[get("/value/fixed")]
    fn fixed_value() -> &'static str {
        "the static route"
    }

    #[get("/rest/{*path}")]
    fn rest(path: &str) -> &str {
        path
    }

    #[get("/elsewhere/{*path}")]
    fn elsewhere(path: &str) -> Redirect {
        Redirect::to(format!("/{path}"))
    }

    #[post("/onward/{status}/{*path}")]
    fn onward(status: u16, path: &str) -> Result<Response> {
        Ok(Response::empty().with_status(status)?.header("location", format!("/{path}"))?)
    }

    #[get("/abroad")]
    fn abroad() -> Redirect {
        Redirect::temporary(format!("{}/echo", crate::UPSTREAM))
    }

    #[get("/around")]
    fn around(req: &Request) -> Redirect {
        Redirect::to(req.path())
    }

    #[put("/thing")]
    fn put_thing() -> &'static str {
        "put"
    }

    #[patch("/thing")]
    fn patch_thing() -> &'static str {
        "patched"
    }

    #[delete("/thing")]
    fn delete_thing() {}

    #[any("/any")]
    fn any(req: &Request) -> String {
        req.method().to_owned()
    }

    #[get("/target")]
    fn target(req: &Request) -> String {
        format!("{}?{}", req.path(), req.query())
    }
}
