//! What follows a commit is bounded, and refused where it would be forgotten; who waits behind a lost actor may try again.

use std::time::Duration;

use duractor::{
    Limits,
    native::{Fault, Native},
    prelude::*,
};

#[derive(Default, Actor)]
struct Counter {
    count: u64,
    steps: Arena<u64>,
}

#[methods]
impl Counter {
    #[get]
    fn count(&self) -> u64 {
        self.count
    }

    #[post("/step")]
    fn step(&mut self) {
        self.count += 1;
        self.steps.insert(self.count);
    }

    /// Waits with its turn, and fails.
    #[post("/fail")]
    async fn fail(&mut self, cx: &Cx) -> Result<()> {
        self.steps.iter_mut().for_each(|(_, mut step)| *step = 0);
        cx.sleep(Duration::from_secs(1)).await;
        Err(Problem::new(409, "no", ""))?
    }

    /// Leaves something that takes long.
    #[post("/tell")]
    fn tell(&mut self, cx: &Cx) -> Result<()> {
        self.count += 1;
        cx.after_commit(async |cx| {
            cx.sleep(Duration::from_secs(60)).await;
            Ok(())
        })
    }

    /// Takes a turn in an effect, which asks for an effect.
    #[post("/chain")]
    async fn chain(me: Me<Self>, cx: &Cx) -> Result<()> {
        let (again, context) = (me.clone(), cx.clone());
        me.turn(move |counter| {
            counter.count += 1;
            context.clone().after_commit(async move |_| {
                let turn = again.turn(|counter| {
                    counter.count += 10;
                    context.after_commit(async |_| Ok(()))
                });
                turn.await
            })
        })
        .await
    }
}

fn native(limits: Limits) -> Native {
    Native::new().routes(Router::new().mount::<Counter>("/", "one").limits(limits))
}

fn count(native: &Native) -> String {
    native.get("/").send().text().into_owned()
}

#[test]
fn who_waits_behind_a_lost_actor_is_told_to_try_again() {
    let native = native(Limits::default());
    native.post("/step").send();
    native.inject(Fault::FailRead);
    let replies = native.all([native.post("/fail"), native.post("/step"), native.get("/")]);
    assert_eq!(replies[0].status, 409);
    for reply in &replies[1..] {
        assert!(reply.text().contains("interrupted"), "{}", reply.text());
        assert!(reply.headers.iter().any(|(name, _)| name == "retry-after"), "{:?}", reply.headers);
    }
    assert_eq!(count(&native), "1");
}

#[test]
fn effects_that_wait_are_bounded_with_the_calls_that_wait() {
    let native = native(Limits { tasks_max: 3, ..Limits::default() });
    let statuses: Vec<u16> = (0..5).map(|_| native.post("/tell").send().status).collect();
    assert_eq!(statuses, [204, 204, 204, 503, 503]);
    assert_eq!(count(&native), "3");
    native.advance(Duration::from_secs(60));
    assert_eq!(native.post("/tell").send().status, 204);
}

#[test]
fn an_effect_of_an_effects_turn_is_refused_with_its_turn() {
    let native = native(Limits::default());
    assert_eq!(native.post("/chain").send().status, 204);
    native.run();
    assert_eq!(count(&native), "1");
    assert!(
        native.log().iter().any(|line| line.contains("after a commit") && line.contains("exclusive turn")),
        "{:?}",
        native.log()
    );
}
